"""A thond with simulated time, as the tests here use it: ready when made."""

import ctypes
import signal
import subprocess
import threading
from pathlib import Path

STOP_SECONDS_MAX = 300
PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Thond:
    """A server on `data`, ready when made. Leave it with stop() or kill()."""

    def __init__(self, bin_dir, data, origin, *arguments, listen="127.0.0.1:0"):
        self.data = Path(data)
        command = [Path(bin_dir) / "thond", "--data", data, "--listen", listen, "--simulate", "--sim-start",
                   "2023-05-25T08:00:00+07:00", "--origin", origin, "--disk-reserve-bytes", "1048576", *arguments]
        self.process = subprocess.Popen([str(x) for x in command], stderr=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self.log = []
        for line in self.process.stderr:
            self.log.append(line)
            if "rows at" in line:
                break
        else:
            raise AssertionError("thond does not start:\n" + "".join(self.log))
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()

    @property
    def endpoint(self):
        return (self.data / "endpoint").read_text().strip()

    @property
    def url(self):
        return (self.data / "http").read_text().strip()

    def stop(self):
        """Ends it by SIGTERM; its exit status."""
        self.process.terminate()
        code = self.process.wait(STOP_SECONDS_MAX)
        self._forget()
        return code

    def kill(self):
        """Ends it at once, if it lives."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._forget()

    def _forget(self):
        self.reader.join()
        self.process.stderr.close()
