# Installs what package-lock.json says into FOLDER/node_modules, unless the lock
# is the one that was installed last. One build at a time, as all share it.
#
#   cmake -D NPM=npm -D FOLDER=server/dashboard -P npm_ci.cmake

set(builds ${FOLDER}/../../build)
file(MAKE_DIRECTORY ${builds})
file(LOCK ${builds}/npm_ci.lock TIMEOUT 600)
set(installed ${FOLDER}/node_modules/installed.lock)
set(wanted ${FOLDER}/package-lock.json)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${wanted} ${installed}
  RESULT_VARIABLE differs OUTPUT_QUIET ERROR_QUIET)
if(differs)
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "npm ci failed in ${FOLDER}: is the network there? (-DTHON_DASHBOARD=OFF builds without it)")
  endif()
  file(COPY_FILE ${wanted} ${installed})
endif()
