#include <iostream>
#include <string>
#include <vector>

#include "tools/verify/cli.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return thon::verify::RunVerify(arguments, &std::cout, &std::cerr);
}
