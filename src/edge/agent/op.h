/* SPDX-License-Identifier: ISC */
/* op.h - what the unprivileged half of dcaas-edge may ask of the agent: one SOCK_SEQPACKET pair, one request at a time,
 * one struct per request and one reply (some replies come in several packets, the last one marked).
 *
 * The agent holds CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID and CAP_KILL, and everything over the instances'
 * user namespaces, which its user owns. It parses no text, talks to nobody else, executes nothing (starter.h), and
 * touches only what carries our marks: devices whose alias starts with "dcaas:", routes of protocols 201 to 203 in
 * tables of our range, namespaces "dcaas-<instance>", filters of our preference, daemons of our users. Every change may
 * be asked twice: "exists as asked" is success.
 *
 * Strings are fixed arrays, NUL-terminated (checked); addresses are struct ip_addr / ip_prefix (checked). A request of
 * the wrong size, an unknown number, one that is not allowed yet, a string without its end or an address that is none
 * ends the agent. A value that is merely out of its range (instance, table, an empty name) is answered with EINVAL. */
#ifndef DC_AGENT_OP_H
#define DC_AGENT_OP_H

#include <stdint.h>

#include "base/ip.h"

#define AGENT_VERSION 6
#define OP_NAME_MAX 16 /* IFNAMSIZ */
#define OP_MARK_MAX 48 /* "dcaas:" and a uuid */
#define OP_KEY_MAX 80  /* TCP_MD5SIG_MAXKEYLEN */
#define OP_TEXT_MAX 256
#define OP_BATCH_MAX 512 /* read-back items in one reply packet */
#define OP_DEVICES 100   /* devices that one request may name */
#define OP_DROPS 8       /* reasons that a filter counts by */
#define RATE_DROPS 3     /* enum rate_drop */

#define ROUTE_PROTO_VPC 201
#define ROUTE_PROTO_STATIC 202
#define ROUTE_PROTO_GUARD 203 /* unreachable defaults and the link subnets' own routes */
#define ROUTE_PROTO_LINK 204  /* routes that lead over a link to another gateway: not for other links */
#define ROUTE_PROTO_EIP 205   /* global EIPs, behind a customer: for uplinks only */
#define ROUTE_PROTO_FIRST ROUTE_PROTO_VPC
#define ROUTE_PROTO_LAST ROUTE_PROTO_EIP
#define TABLE_FIRST 100000 /* routing tables of our own range */
#define TABLE_LAST 199999

enum agent_op {
	OP_HELLO = 1,  /* op_hello -> reply_hello; first and once */
	OP_PORTS,      /* op_none -> reply_port packets: devices of the router's own namespace. The untagged drop of the
			* ports that have VLANs of ours is brought in line with their addresses, too: those come and go
			* without us. */
	OP_NETNS_ADD,  /* op_instance: namespace made if missing, loopback up, sysctls set (routing.md section 3) */
	OP_NETNS_DEL,  /* op_instance: refused while our devices are in it or its daemon runs */
	OP_INSTANCES,  /* op_none -> reply_instance packets: namespaces of ours that exist */
	OP_READ_LINKS, /* op_read -> reply_link packets */
	OP_READ_ADDRS, /* op_read -> reply_addr packets: on devices of ours */
	OP_READ_ROUTES, /* op_instance -> reply_route packets: protocols VPC and STATIC in tables of our range */
	OP_VRF_ADD,     /* op_link: device made up, with unreachable defaults (v4, v6) in its table */
	OP_VLAN_ADD,  /* op_link: made down, from the port into the instance's namespace, master set, alias set; VLAN 0:
		       * macvlan passthru. Port marked: ingress drop of untagged frames when it has no address. clsact
		       * on. */
	OP_VETH_ADD,  /* op_veth: a pair, each end made in its instance's namespace, master set, marked, up. A pair of
		       * ours that is incomplete is completed, an end whose peer is another's or gone is made again. */
	OP_LINK_UP,   /* op_device; a VLAN takes its port's MTU, too */
	OP_LINK_DEL,  /* op_device: VRF (with its unreachable defaults), VLAN, or either end of a veth pair (both go);
		       * the port's drop goes with its last VLAN. EBUSY for a VRF that has devices in it. */
	OP_LINKS_DEL, /* op_devices: deletes VLANs of ours together, in the time of one. A device that is something
		       * else, or is not there, is left out. */
	OP_ADDR_ADD,  /* op_addr: noprefixroute, nodad, plus the link-scope route of the subnet in the VRF's table */
	OP_ADDR_DEL,
	OP_ROUTE_ADD, /* op_route: replaces a route of ours with the same prefix */
	OP_ROUTE_DEL,
	OP_FILTER_ADD,    /* op_filter: the filter of frames that come in by a device (edge/filter/program.h) */
	OP_READ_FILTERS,  /* op_read -> item_filter packets: devices whose filter is whole, and what it dropped */
	OP_NEIGHBOUR_ADD, /* op_neighbour: may open BGP connections on that device. ENODEV while that has no filter. */
	OP_NEIGHBOUR_DEL,
	OP_READ_NEIGHBOURS, /* op_read -> item_neighbour packets */
	OP_NETWORK_ADD,     /* op_network: inside the gateway, and so no source of a customer's */
	OP_NETWORK_DEL,
	OP_READ_NETWORKS, /* op_instance -> item_network packets */
	OP_RATE_SET, /* op_rate: what comes in by the device is policed, what goes out is shaped; changed in place. The
		      * router's own packets pass before data. EBUSY: the device has another's root queue. */
	OP_RATE_DEL, /* op_device */
	OP_READ_RATES, /* op_read -> item_rate packets: devices that have something of it, and what was dropped */
	OP_TCP_STATE, /* op_tcp -> reply_tcp: the connection between two addresses in a VRF, and whether it has a key */
	OP_CONNECTIONS, /* op_instance -> item_connection packets: all BGP connections of the instance. A look at one
			 * costs the kernel as much as a look at all. */
	OP_TCP_RESET, /* op_tcp: destroys that connection. EOPNOTSUPP when the kernel cannot (INET_DIAG_DESTROY is left
		       * out of some): then the caller has the daemon restart the session. */
	OP_COUNTERS,  /* op_instance -> reply_counters: MD5 failures of the instance's namespace */
	OP_DAEMON_START, /* op_daemon: begins to start BIRD of the instance, detached, when it does not run, and does
			  * not wait; OP_DAEMON_STATE shows what became of it */
	OP_DAEMON_STATE, /* op_instance -> reply_daemon */
	OP_DAEMON_STOP,  /* op_stop: asks it to end and does not wait; OP_DAEMON_STATE shows when it has */
	OP_CHANGES,      /* op_none -> item_change packets: where a device, an address or a route of ours has changed
			  * since it was asked last. Beside the socket the network half has a descriptor (eventfd) that is
			  * readable from such a change on until this is asked: once, however much changes. Asked before
			  * all is read back, it neither misses a change nor wakes for one that was seen. */
	OP_ECHO,         /* op_echo: the reply brings a descriptor (SCM_RIGHTS), a socket that sends echo requests from
			  * the device and local to remote, and receives their answers. EINVAL: they are of two families. */
	OP_LINE, /* op_line -> reply_line: counters of a device, and what the kernel knows of the router there */
	OP_LAST
};

struct op_header {
	uint32_t op;
	uint32_t sequence; /* echoed in the reply */
};

struct op_none {
	struct op_header h;
};
struct op_hello {
	struct op_header h;
	uint32_t version;
};
struct op_instance {
	struct op_header h;
	uint32_t instance; /* 1..9999 */
};
struct op_read {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX]; /* "": all devices of the namespace */
};
struct op_link {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	char mark[OP_MARK_MAX]; /* whole alias: "dcaas:<uuid>" */
	uint32_t table;         /* VRF */
	char port[OP_NAME_MAX]; /* VLAN */
	uint32_t vlan;
	char vrf[OP_NAME_MAX]; /* VLAN: master */
};
struct op_veth {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	char mark[OP_MARK_MAX];
	char vrf[OP_NAME_MAX];
	uint32_t peer_instance; /* may be the same one */
	char peer_device[OP_NAME_MAX];
	char peer_mark[OP_MARK_MAX];
	char peer_vrf[OP_NAME_MAX];
};
struct op_device {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
};
struct op_devices {
	struct op_header h;
	uint32_t instance;
	char device[OP_DEVICES][OP_NAME_MAX]; /* "": none */
};
struct op_addr {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	uint32_t table;          /* of the VRF the device is in, for the subnet's route */
	struct ip_prefix prefix; /* host address and mask */
};
struct op_route {
	struct op_header h;
	uint32_t instance;
	uint32_t table;
	uint32_t proto; /* ROUTE_PROTO_..., but for GUARD */
	struct ip_prefix prefix;
	struct ip_addr via; /* family IP_NONE: on-link */
	char device[OP_NAME_MAX];
};
struct op_filter {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	uint32_t is_customer; /* else towards a VPC or another gateway */
};
struct op_neighbour {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	struct ip_addr local, remote;
	uint32_t has_key; /* its connections are signed (RFC 2385) */
};
struct op_network {
	struct op_header h;
	uint32_t instance;
	uint32_t table; /* of the VRF */
	struct ip_prefix prefix;
};
struct op_rate {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	uint32_t ingress_kbit, egress_kbit; /* kbit/s */
	uint32_t burst;                     /* bytes: that may come in at once, and that wait to go out */
};
struct op_echo {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	struct ip_addr local, remote;
};
struct op_line {
	struct op_header h;
	uint32_t instance;
	char device[OP_NAME_MAX];
	struct ip_addr remote;
};
struct op_tcp {
	struct op_header h;
	uint32_t instance;
	char vrf[OP_NAME_MAX];
	struct ip_addr local, remote; /* either side may have port 179 */
};
struct op_daemon {
	struct op_header h;
	uint32_t instance;
	uint32_t recover; /* start with -R */
};

struct op_stop {
	struct op_header h;
	uint32_t instance;
	uint32_t at_once; /* SIGKILL, for one that did not end on SIGTERM */
};

/* Every reply. code 0 is success; else text has the reason (the kernel's words when it gave any). */
struct reply {
	struct op_header h;
	int32_t code;   /* 0, or errno */
	uint32_t more;  /* 1: further packets of this reply follow */
	uint32_t count; /* items behind this header in this packet */
	char text[OP_TEXT_MAX];
};

struct reply_hello {
	struct reply r;
	uint32_t version;
	uint32_t started; /* 1: the agent is newly started (no request came before from an earlier network half) */
	uint32_t
	    key_room; /* neighbours of one gateway and family for whose MD5 keys the kernel has memory; 0: unknown */
	uint32_t control_group; /* of BIRD's files: the network half belongs to it */
};
struct item_port {
	char device[OP_NAME_MAX];
	uint8_t carrier, exposed, up,
	    pad; /* carrier: also up. exposed: the router has an address there, or on its bridge */
	uint32_t mtu;
	uint32_t vlans; /* devices of ours on it */
};
struct item_link {
	char device[OP_NAME_MAX];
	char mark[OP_MARK_MAX]; /* "" when not ours; foreign devices are listed so that names are not fought over */
	char vrf[OP_NAME_MAX];  /* master */
	char port[OP_NAME_MAX]; /* lower device, when it is known */
	char peer[OP_NAME_MAX]; /* veth: the other end, when it is in an instance of ours */
	uint32_t peer_instance; /* 0: unknown */
	uint32_t ifindex, table, vlan;
	/* A VRF is up when its unreachable defaults are there, too; a VLAN when its MTU has followed its port's. A VLAN
	 * has a carrier when its port is up and has one. */
	uint8_t is_vrf, is_vlan, is_veth, up, carrier, pad[3];
};
struct item_addr {
	char device[OP_NAME_MAX];
	struct ip_prefix prefix;
	uint8_t subnet_route; /* the link-scope route is there, too, and the filter knows the address */
	uint8_t pad[3];
};
struct item_route {
	uint32_t table, proto;
	struct ip_prefix prefix;
	struct ip_addr via;
	char device[OP_NAME_MAX];
	uint8_t unreachable, pad[3];
};
struct item_filter { /* on a device of ours; one that is not whole is not there */
	char device[OP_NAME_MAX];
	uint32_t is_customer;
	uint64_t drops[OP_DROPS]; /* by enum filter_reason, since the device was made */
};
struct item_neighbour {
	char device[OP_NAME_MAX];
	struct ip_addr local, remote;
	uint32_t has_key;
};
struct item_network {
	uint32_t table;
	struct ip_prefix prefix;
};
enum rate_drop { RATE_IN_PACKETS, RATE_IN_BYTES, RATE_OUT_PACKETS };
struct item_rate {
	char device[OP_NAME_MAX];
	uint32_t ingress_kbit, egress_kbit, burst; /* 0: that part is not there, or not as OP_RATE_SET makes it */
	uint64_t drops[RATE_DROPS]; /* by enum rate_drop, since each part was made; the kernel counts no bytes out */
};
struct item_instance {
	uint32_t instance;
	uint32_t daemon; /* pid, 0: none runs */
};
struct item_change {
	uint32_t instance;        /* 0: the router's own namespace */
	char device[OP_NAME_MAX]; /* the one device that has changed; "": any may have */
};
struct item_connection { /* one that is neither listening nor over; either side has port 179 */
	char vrf[OP_NAME_MAX];
	struct ip_addr local, remote;
	uint32_t state;   /* TCP_ESTABLISHED ... */
	uint32_t has_key; /* for the remote address */
};
struct reply_tcp {
	struct reply r;
	uint32_t state; /* TCP_ESTABLISHED ...; 0: no connection */
	uint32_t has_key;
};
struct reply_line {
	struct reply r;
	uint64_t received_packets, received_bytes, sent_packets, sent_bytes; /* since the device was made */
	uint32_t neighbour; /* NUD_...: what ARP or neighbour discovery found; 0: nobody has asked */
	uint8_t has_hardware, hardware[6], pad;
};
struct reply_counters {
	struct reply r;
	uint64_t md5_failure, md5_not_found, md5_unexpected;
};
struct reply_daemon {
	struct reply r;
	uint32_t pid;            /* 0: not running */
	uint32_t starting;       /* 1: this agent has started it, and it has not read its configuration yet */
	char words[OP_TEXT_MAX]; /* pid 0: the last words of the one that this agent started last; "": nothing */
};

#endif
