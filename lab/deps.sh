#!/bin/sh
# SPDX-License-Identifier: ISC
# deps.sh build|run|check - installs the Debian packages that are missing, by name, in one call of apt-get.
# Says what it installs, and what apt-get says only when that fails; without root or sudo it says what is missing and ends
# with 1.
set -eu
umask 022 # of what packages make when they are installed

build="meson ninja-build gcc libc6-dev pkg-config python3 libbsd-dev libjansson-dev libgnutls28-dev libsqlite3-dev
libmicrohttpd-dev libmnl-dev libcurl4-gnutls-dev libevent-dev libinih-dev libyaml-dev libcrypt-dev libcmocka-dev"
run="bird2 iproute2 iputils-ping procps util-linux"
check="clang clang-format-14 libclang-rt-14-dev wrk valgrind python3-venv openssl curl frr mandoc zsh fish golang-go default-jdk-headless maven ca-certificates"

wanted=$build
case ${1-} in
build) ;;
run) wanted="$wanted $run" ;;
check) wanted="$wanted $run $check" ;;
*)
	echo "usage: deps.sh build|run|check" >&2
	exit 2
	;;
esac

# Routers run in namespaces where the kernel has VRF and 802.1Q, else in user-mode Linux.
can_route() {
	[ "$(id -u)" = 0 ] && command -v ip >/dev/null && PYTHONPATH=$(dirname "$0")/.. python3 -c \
	    'import sys; from lab import kernel; sys.exit(not kernel.can_route())' 2>/dev/null
}
if [ "$1" != build ] && ! can_route; then
	wanted="$wanted user-mode-linux kmod"
fi

missing=
for package in $wanted; do
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
echo "deps: installing, which takes a minute or more:$missing"
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

install() {
	$sudo env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || true
	$sudo apt-get -o Acquire::Retries=3 update -q || true
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y -q \
	    --no-install-recommends $missing
}

# Networks have their moments, and an earlier run may have been ended amidst an installation.
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
