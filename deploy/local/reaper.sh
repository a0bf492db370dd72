#!/bin/sh
# Ends what a process started once that process is gone, however it went (SIGKILL included), and removes its folders.
# Standard input is a pipe that the owner holds: "+ PID" guards a process, "- PID" lets it go, "rm PATH" guards a
# folder. The end of the pipe is the owner's end.
trap '' INT TERM HUP
pids=' '
folders=''
while IFS= read -r line; do
  case "$line" in
    '+ '*) pids="$pids${line#+ } " ;;
    '- '*) pids=$(printf '%s' "$pids" | sed "s/ ${line#- } / /") ;;
    'rm '*) folders="$folders${line#rm }
" ;;
  esac
done
for pid in $pids; do kill -TERM "$pid" 2>/dev/null; kill -CONT "$pid" 2>/dev/null; done
waited=0
while [ "$waited" -lt "${REAP_LIMIT_TENTHS:-50}" ]; do
  alive=''
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive="$alive $pid"; done
  [ -z "$alive" ] && break
  sleep 0.1
  waited=$((waited + 1))
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
printf '%s' "$folders" | while IFS= read -r folder; do
  [ -n "$folder" ] && rm -rf -- "$folder"
done
