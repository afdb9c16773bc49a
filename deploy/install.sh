#!/bin/sh
# Makes .venv and installs Frontline from the lock files: `install.sh run PYTHON` what Frontline needs to run,
# `install.sh dev PYTHON` what its tests and checks need as well. `make` calls it when a lock file has changed.
set -u

wanted=$1 python=$2
venv=.venv
log=$venv/install.log

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command with its output in the log. On a terminal a dot each second shows that it goes on.
step() {
  what=$1
  shift
  printf '%s' "$what"
  "$@" >>"$log" 2>&1 &
  running=$!
  trap 'kill $running 2>/dev/null; echo; exit 130' INT TERM
  if [ -t 1 ]; then
    while kill -0 $running 2>/dev/null; do
      sleep 1
      printf '.'
    done
  fi
  wait $running
  status=$?
  trap - INT TERM
  echo
  [ $status = 0 ] || explain
}

# The words of pip and uv for a host that is not found, does not answer, or refuses.
unreachable='NewConnectionError|ConnectTimeout|ReadTimeout|Max retries|Name or service not known|name resolution'
unreachable="$unreachable|dns error|tcp connect error|client error \(Connect\)|Network is unreachable|Connection refused"

explain() {
  if grep -Eq "$unreachable" "$log"; then
    fail "There is no network: the packages of Frontline come from the index of Python packages, once. Connect to it and run make again," \
      "or name a mirror by PIP_INDEX_URL and UV_DEFAULT_INDEX. What pip and uv said is in $log."
  fi
  tail -n 15 "$log" >&2
  fail "The installation has failed; all that pip and uv said is in $log."
}

other() { # another Python that is here and new enough
  for minor in 14 13 12 11; do
    if command -v "python3.$minor" >/dev/null && "python3.$minor" -c '' 2>/dev/null; then
      echo "python3.$minor"
      return
    fi
  done
  echo python3.12
}

found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2] if sys.version_info < (3, 11) else "new enough")' 2>/dev/null)
case $found in
  "new enough") ;;
  "") fail "Frontline needs Python 3.11 or newer, and '$python' is not one that runs. Name another: make PYTHON=$(other)" ;;
  *) fail "Frontline needs Python 3.11 or newer; $python is Python $found. Name another: make PYTHON=$(other)" ;;
esac

if [ ! -x $venv/bin/python ]; then
  echo "Making $venv with $("$python" -V)"
  "$python" -m venv $venv || fail "$python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"
fi
: >"$log"

count() { grep -c '^[a-z0-9].*==' "$1"; }
pip="$venv/bin/python -m pip --disable-pip-version-check --retries 1 --timeout 15"
uv="$venv/bin/uv --no-progress"

step "Installing uv, which installs the rest" $pip install --require-hashes --no-deps -r requirements-uv.lock
if [ "$wanted" = dev ]; then
  lock=requirements-dev.lock editables="--editable . --editable testkit"
  step "Installing $(count $lock) packages, those of tests and checks included" \
    $uv pip sync --compile-bytecode --python $venv/bin/python --require-hashes $lock
else
  lock=requirements.lock editables="--editable ."
  step "Installing $(count $lock) packages" \
    $uv pip install --compile-bytecode --python $venv/bin/python --require-hashes --requirements $lock
fi
step "Installing Frontline" $uv pip install --python $venv/bin/python --no-deps --no-build-isolation $editables
