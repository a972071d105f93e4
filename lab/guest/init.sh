#!/bin/sh
# SPDX-License-Identifier: ISC
# init.sh - first process of a guest: a user-mode Linux kernel whose root is the host's file system, or a namespace of the
# host (mount, pid, network). It gives the guest places of its own to write to, then hands over to the agent, whose
# orders come from the lab.
#
# Environment: LAB_NAME, LAB_SRC (checkout), LAB_RUN (folder of this lab), LAB_NICS ("ctl,mgmt,trunk0": new names of
# the network devices, in order), LAB_CTL (address of the agent in UML; empty in a namespace, where it has a Unix socket).
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022

own() { # a folder that is the guest's alone
	[ -d "$1" ] && mount -t tmpfs "lab$1" "$1"
}

keep() { # a folder of the host stays visible under its own path although a parent was covered
	[ -d "$1" ] || mkdir -p "$1"
	mount --bind "$2" "$1"
}

# (The /proc of a user-mode kernel's root is the host's own.)
mount -t proc proc /proc
mount -t sysfs sys /sys 2>/dev/null
# /run comes first: what must stay visible is bound there before its parents are covered.
mount -t tmpfs lab/run /run
mkdir -p /run/netns /run/lab/src /run/lab/dir /run/lock
mount --bind "$LAB_SRC" /run/lab/src
mount --bind "$LAB_RUN" /run/lab/dir
for dir in /tmp /var/tmp /var/log /var/lib /etc/bird /etc/frr; do
	own "$dir"
done
chmod 1777 /tmp /var/tmp
case "$LAB_SRC/" in /tmp/* | /run/* | /var/tmp/* | /var/lib/*) keep "$LAB_SRC" /run/lab/src ;; esac
case "$LAB_RUN/" in /tmp/* | /run/* | /var/tmp/* | /var/lib/*) keep "$LAB_RUN" /run/lab/dir ;; esac

if [ -n "$LAB_CTL" ]; then
	# Modules lie elsewhere for this kernel; the kernel's own loader needs the path, too.
	mkdir -p /run/lab/modules/lib
	ln -s /usr/lib/uml/modules /run/lab/modules/lib/modules
	printf '#!/bin/sh\nexec /sbin/modprobe -d /run/lab/modules "$@"\n' >/run/lab/modprobe
	chmod 755 /run/lab/modprobe
	echo /run/lab/modprobe >/proc/sys/kernel/modprobe
	modprobe -d /run/lab/modules -a 8021q vrf dummy veth macvlan bridge sch_ingress sch_prio sch_tbf act_police act_gact \
	    cls_matchall cls_flower cls_bpf udp_diag
	{
		echo "link set lo up"
		n=0
		for nic in $(echo "$LAB_NICS" | tr , " "); do
			echo "link set vec$n name $nic"
			n=$((n + 1))
		done
	} | ip -batch -
	# The agent's wire is no part of the router: it lives in a network namespace of its own.
	ip netns add ctl
	printf 'link set ctl netns ctl\n' | ip -batch -
	printf 'addr add %s/24 dev ctl\nlink set ctl up\nlink set lo up\n' "$LAB_CTL" | ip -n ctl -batch -
fi
hostname "$LAB_NAME" 2>/dev/null

# As first process this shell reaps what the guest's daemons leave; the agent itself can be killed and comes back.
while :; do
	/usr/bin/python3 -I -S "$LAB_SRC/lab/guest/agent.py" &
	wait $!
	sleep 0.2
done
