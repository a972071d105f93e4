#!/bin/sh
# SPDX-License-Identifier: ISC
# bird_of_debian13.sh FOLDER - makes FOLDER/bird, Debian 13's BIRD (2.17) that runs on this machine, on each release: apt
# downloads the package and the libraries that it needs, by name and checked by Debian's keys, into FOLDER, and they are unpacked
# there. Nothing is installed. Does nothing when FOLDER/bird is there.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
[ ! -x "$folder/bird" ] || exit 0
packages="bird2 libc6 libreadline8t64 libssh-4 libtinfo6 libssl3t64 libgssapi-krb5-2 libk5crypto3 libkrb5-3 libkrb5support0
libcom-err2 libkeyutils1 libzstd1 zlib1g"

mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" "$folder/debs" "$folder/root"
: >"$folder/state/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >"$folder/sources.list"
apt() {
	apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$folder/state" \
	    -o Dir::State::status="$folder/state/status" -o Dir::Cache="$folder/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}
apt update >/dev/null
(cd "$folder/debs" && apt download $packages >/dev/null)
for package in "$folder"/debs/*.deb; do
	dpkg-deb -x "$package" "$folder/root"
done
rm -rf "$folder/state" "$folder/cache" "$folder/debs"

# With the libraries beside it, and under the name that the agent looks for.
lib=$(dirname "$(find "$folder/root" -name 'libc.so.6' | head -n 1)")
loader=$(find "$folder/root" -name 'ld-linux-*.so.*' | head -n 1)
printf '#!/bin/sh\nexec %s --argv0 bird --library-path %s %s "$@"\n' "$loader" "$lib" "$folder/root/usr/sbin/bird" >"$folder/bird"
chmod +x "$folder/bird"
"$folder/bird" --version
