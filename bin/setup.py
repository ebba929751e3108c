"""Sets up the virtual environment from the locked requirements; used by the Makefile.

Run with any Python, so nothing newer than Python 3.6 is used here. Arguments: the lock files.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
OLDEST = (3, 11)
NEEDED_MB = 1000


def main(locks):
    """Bring ``.venv`` to what ``locks`` say; do nothing if it is there."""
    with open(os.path.join(ROOT, ".setup.lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not works():
            require_machine()
            make_environment()
        missing = [name for name in locks if not is_installed(name)]
        if missing:
            install(locks)
        link_command()


def works():
    """Say whether the environment is there and its Python runs."""
    if not os.path.exists(PYTHON):
        return False
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.call([PYTHON, "-c", probe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def require_machine():
    """Stop with one line if this machine lacks something."""
    if sys.version_info < OLDEST:
        stop(
            "Python 3.11 or newer is needed, and {} is {}.{}; set PYTHON=/path/to/python3.11.".format(
                sys.executable, *sys.version_info[:2]
            )
        )
    for module in ("venv", "ensurepip"):
        if subprocess.call([sys.executable, "-c", "import " + module], stderr=subprocess.DEVNULL) != 0:
            stop("Python's {} is missing; install it (Debian: apt install python3-venv).".format(module))
    free_mb = shutil.disk_usage(ROOT).free // 2**20
    if free_mb < NEEDED_MB:
        stop("The disk of {} is full: {} MB are left, {} MB are needed.".format(ROOT, free_mb, NEEDED_MB))


def make_environment():
    """Make an empty virtual environment, with a pip of its own only if there is none to use."""
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    step("Making the virtual environment", command + (["--without-pip"] if outer_pip_serves() else []))


def outer_pip_serves():
    """Say whether the Python we run with has a pip that can install into other environments."""
    probe = "import pip, sys; sys.exit(tuple(map(int, pip.__version__.split('.')[:2])) < (22, 3))"
    return subprocess.call([sys.executable, "-c", probe], stderr=subprocess.DEVNULL) == 0


def install(locks):
    """Install what the locks name, checked against their hashes.

    The locks are complete, so nothing is resolved; modules are compiled when they are first used.
    """
    pip = [PYTHON, "-m", "pip"]
    if subprocess.call([*pip, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0:
        pip = [sys.executable, "-m", "pip", "--python", PYTHON]
    command = [*pip, "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--no-compile"]
    for name in locks:
        command += ["-r", os.path.join(ROOT, name)]
    step("Installing the locked libraries ({})".format(", ".join(locks)), command)
    for name in locks:
        with open(mark(name), "w") as file:
            file.write(digest(name))


def step(text, command):
    """Run one step, saying how long it took; stop with the end of its output if it fails."""
    started = time.time()
    print("setup  | {} …".format(text), flush=True)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print("\n".join(done.stdout.decode(errors="replace").splitlines()[-8:]), file=sys.stderr)
        stop("This step failed: {}.".format(text))
    print("setup  | … done in {:.0f} s.".format(time.time() - started), flush=True)


def link_command():
    """Put the command beside the environment's other programs."""
    link = os.path.join(VENV, "bin", "duikou")
    target = os.path.join(ROOT, "bin", "duikou")
    if os.path.realpath(link) == os.path.realpath(target):
        return
    if os.path.lexists(link):
        os.remove(link)
    os.symlink(target, link)


def mark(name):
    """Return the file that remembers which version of a lock is installed."""
    return os.path.join(VENV, "installed-" + name)


def digest(name):
    """Return the digest of a lock."""
    with open(os.path.join(ROOT, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def is_installed(name):
    """Say whether the environment holds this version of a lock."""
    try:
        with open(mark(name)) as file:
            return file.read() == digest(name)
    except OSError:
        return False


def stop(text):
    """End with one line."""
    sys.exit("setup  | " + text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        stop("The folder {} cannot be used: {}.".format(ROOT, error))
    except KeyboardInterrupt:
        stop("Interrupted.")
