#!/bin/sh
# deps.sh build|run|check - installs the Debian packages that are missing, by name, in one call of apt-get.
# Says what it installs; without root or sudo it says what is missing and ends with 1.
set -eu
umask 022 # of what packages make when they are installed

build="meson ninja-build gcc libc6-dev pkg-config python3 libbsd-dev libjansson-dev libgnutls28-dev libsqlite3-dev
libmicrohttpd-dev libmnl-dev libcurl4-gnutls-dev libevent-dev libinih-dev libcrypt-dev libcmocka-dev"
run="bird2 iproute2 iputils-ping procps util-linux"
check="clang clang-format-14 libclang-rt-14-dev wrk valgrind python3-venv openssl curl frr mandoc zsh golang-go default-jdk-headless maven ca-certificates"

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
fi
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# Services that packages bring (BIRD's) are not started: the lab starts its own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
	trap '$sudo rm -f $policy' EXIT
fi
# Networks have their moments, and an earlier run may have been ended amidst an installation.
for pause in 10 30 60 0; do
	$sudo env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || true
	$sudo apt-get -o Acquire::Retries=3 update -q || true
	# shellcheck disable=SC2086
	if $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y -q \
	    --no-install-recommends $missing; then
		exit 0
	fi
	sleep $pause
done
echo "deps: could not install$missing" >&2
exit 1
