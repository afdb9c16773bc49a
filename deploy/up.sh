#!/bin/sh
# `make up`: checks the settings, starts the compose stack, waits until it is ready, and says where it is and with which key.
set -eu

# As the version of a package: v1.2.0-5-g1a2b3c4 is 1.2.0+5.g1a2b3c4.
VERSION=${VERSION:-$(git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-\([0-9]*\)-g/+\1.g/')}
export VERSION

docker compose build --quiet

# Before anything is started: in the stack, a wrong setting would only be an unhealthy container with its reason in a log.
if ! said=$(docker compose --progress quiet run --rm --no-deps -T settings 2>&1); then
  printf '%s\n' "$said" >&2
  case $said in
    *"there is no edition"* | *"FRONTLINE_POLICIES: "*"cannot be read"*) cat >&2 <<'HINT' ;;
Containers see the files of one folder, FRONTLINE_POLICY_DIR (without it ./policies). Put your editions there, and name them in
FRONTLINE_POLICIES by the name of the file: FRONTLINE_POLICY_DIR=folder FRONTLINE_POLICIES=my-rules for folder/my-rules.yaml
HINT
  esac
  exit 2
fi

docker compose up --detach --wait  # COMPOSE_PROFILES=observability adds Prometheus and Grafana

address() { docker compose port "$1" "$2"; }
intake=http://$(address intake 8080)
board=http://$(address board 8080)
known=ed20191044553dac8f9c45e62062dd18e7dc1f898a897240b4179fb84fea3db4  # the hash of the key that ships
if docker compose config | grep -q "$known"; then
  key='local-development-only (everybody knows it; FRONTLINE_API_KEYS replaces it)'
else
  key='one of those in FRONTLINE_API_KEYS'
fi
sign_in=
case $said in *"demo sign-in page is on"*)
  sign_in=$(printf '\n  %-20s%s\n  %-20s%s' 'sign in' "$board/demo/sign-in" '' \
    'as a customer, an agent, a lead or an operator of the demo') ;;
esac
cat <<END

Frontline is up. Open:
  web form            $intake/
  chat                $intake/chat
  board               $board/$sign_in
  API documentation   $intake/docs
$(case ,${COMPOSE_PROFILES:-}, in *,observability,*)
    printf '  %-20s%s\n' dashboard "http://$(address grafana 3000)/" alerts "http://$(address prometheus 9090)/alerts" ;; esac)
For programs:
  intake              $intake
  API key             $key
  Kafka               $(address kafka 29092)
  health and metrics  $intake, $board, http://$(address router 8080), http://$(address escalation 8080): /readyz, /metrics
\`make logs\` follows what it logs, \`make down\` stops it and deletes its data.
END
