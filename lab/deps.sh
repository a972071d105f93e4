#!/bin/sh
# SPDX-License-Identifier: ISC
# deps.sh build|run|soak|fuzz|bench|deb|check - installs the Debian packages that are missing for that command, by name, in one
# call of apt-get. Prints what it installs and its size, and the words of apt-get only when that fails; without root or sudo it
# prints what is missing and ends with 1.
set -eu
umask 022 # of what packages make when they are installed

build="meson ninja-build gcc libc6-dev pkg-config python3 libbsd-dev libjansson-dev libgnutls28-dev libsqlite3-dev libpq-dev
libmicrohttpd-dev libmnl-dev libseccomp-dev libcurl4-gnutls-dev libevent-dev libinih-dev libyaml-dev libcrypt-dev"
run="bird2 iproute2 iputils-ping procps util-linux"
soak="libcmocka-dev python3-venv iproute2 procps util-linux openssl ca-certificates git"
fuzz="clang libclang-rt-dev"
bench="libcmocka-dev wrk postgresql python3-venv ca-certificates"
deb="build-essential debhelper dpkg-dev git"
check="valgrind systemd curl frr mandoc zsh fish golang-go default-jdk-headless maven binutils debootstrap debian-archive-keyring"

routers=
case ${1-} in
build) wanted=$build ;;
run) wanted="$build $run" routers=yes ;;
soak) wanted="$build $run $soak" routers=yes ;;
fuzz) wanted="$build $fuzz" ;;
bench) wanted="$build $run $bench" routers=yes ;;
deb) wanted="$build $deb" ;;
check) wanted="$build $run $soak $fuzz $bench $deb $check" routers=yes ;;
*)
	echo "usage: deps.sh build|run|soak|fuzz|bench|deb|check" >&2
	exit 2
	;;
esac

# Routers run in namespaces where the kernel has VRF and 802.1Q, else in user-mode Linux.
can_route() {
	[ "$(id -u)" = 0 ] && command -v ip >/dev/null && PYTHONPATH=$(dirname "$0")/.. python3 -c \
	    'import sys; from lab import kernel; sys.exit(not kernel.can_route())' 2>/dev/null
}
if [ -n "$routers" ] && ! can_route; then
	wanted="$wanted user-mode-linux kmod"
fi

missing=
for package in $(printf '%s\n' $wanted | sort -u); do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "deps: missing, and neither root nor sudo to install them:$missing" >&2
		exit 1
	fi
	sudo=sudo
	# The password is asked for here, where it is seen.
	if ! sudo true; then
		echo "deps: missing:$missing" >&2
		exit 1
	fi
fi
echo "deps: installing for make $1, which takes a minute or more:$missing"
log=$(mktemp)
# (dash runs the EXIT trap only where a signal is trapped, too.)
trap 'rm -f "$log"; [ -z "$ours" ] || $sudo rm -f $policy' EXIT
trap 'exit 130' INT TERM HUP
# Services that packages bring (BIRD's) are not started: the lab starts its own. One that a killed run left is ours, too.
policy=/usr/sbin/policy-rc.d
mark="# made by dcaas' lab/deps.sh, for as long as it installs"
ours=
if [ ! -e $policy ] || grep -q "^$mark" $policy; then
	ours=yes
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
fi

# "93.1 MB" of archives and "412 MB" on the disk, as apt-get counts them.
cost() {
	# shellcheck disable=SC2086
	LC_ALL=C apt-get install --assume-no --no-install-recommends $missing 2>/dev/null | sed -n \
	    -e 's/^Need to get \([^/]*\)\(\/.*\)\{0,1\} of archives.*/deps: \1 to fetch/p' \
	    -e 's/^After this operation, \(.*\) of additional disk space.*/deps: \1 on the disk/p'
}

install() {
	$sudo env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || true
	$sudo apt-get -o Acquire::Retries=3 update -q || true
	cost >&3 || true
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y -q \
	    --no-install-recommends $missing
}
exec 3>&1

# Networks fail now and then, and an earlier run may have ended during an installation.
for pause in 10 30 60 0; do
	if install >"$log" 2>&1 </dev/null; then
		exit 0
	fi
	grep -E '^[EW]:' "$log" >&2 || tail -n 20 "$log" >&2
	[ $pause = 0 ] || echo "deps: that failed; again in $pause s" >&2
	sleep $pause
done
echo "deps: could not install$missing" >&2
exit 1
