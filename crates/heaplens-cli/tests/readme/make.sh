#!/bin/sh
set -e
# Makes `tsdb` anew (x86_64, gcc and binutils). If the layout changes, so must the addresses in the dumps.
gcc -O0 -g1 -gdwarf-5 -fno-asynchronous-unwind-tables -fcf-protection=none -ffile-prefix-map="$PWD"=/build/tsdb \
  -nostdlib -static-pie \
  -Wl,--build-id=0x1b710610b3417b71b4e55fcae410c6baf1df429c,-z,noseparate-code,-z,norelro,--hash-style=sysv \
  -o tsdb tsdb.c
objcopy --remove-section=.comment tsdb
