/* SPDX-License-Identifier: ISC */
/* error.h - errors are values: a code, the member at fault, and the words the user reads.
 *
 * DC_CODES is the one list. HTTP status, public code and default words derive from it; the DC.xxxx numbers and their
 * meaning are those of the Direct Connect API's public error table, the APIGW ones those of the gateway before it. */
#ifndef DC_ERROR_H
#define DC_ERROR_H

#include <stdarg.h>

#define DC_CODES(X)                                                                                                    \
	X(DC_OK, 200, "", "")                                                                                          \
	X(DC_E_BODY, 400, "DC.0000", "The request body is not the JSON object that this call takes")                   \
	X(DC_E_PARAM, 400, "DC.0001", "A request parameter is not valid")                                              \
	X(DC_E_NOT_FOUND, 400, "DC.0002", "The resource does not exist")                                               \
	X(DC_E_SYSTEM, 500, "DC.0003", "Internal error")                                                               \
	X(DC_E_ADDRESS, 400, "DC.0004", "An IP address or CIDR block is not valid")                                    \
	X(DC_E_VPC, 400, "DC.0007", "The VPC does not exist")                                                          \
	X(DC_E_ASN, 400, "DC.0008", "The BGP AS number is out of range")                                               \
	X(DC_E_POLICY, 400, "DC.0009", "The policy does not allow the call")                                           \
	X(DC_E_FORBIDDEN_MEMBER, 400, "DC.0013", "The caller may not set this member")                                 \
	X(DC_E_DC_BANDWIDTH, 400, "DC.1000", "The connection has too little bandwidth")                                \
	X(DC_E_HOSTED_NO_VLAN, 400, "DC.1003", "A hosted connection needs a VLAN")                                     \
	X(DC_E_NOT_HOSTING, 400, "DC.1004", "The connection is not a partner connection")                              \
	X(DC_E_DC_STATE, 400, "DC.1005", "The connection is in a state that does not allow the call")                  \
	X(DC_E_DC_IN_USE, 400, "DC.1007", "The connection is in use")                                                  \
	X(DC_E_HOSTED_VLAN_TAKEN, 400, "DC.1008", "The VLAN of the partner connection is taken")                       \
	X(DC_E_DC_SHRINK, 400, "DC.1010", "The bandwidth of a connection cannot shrink")                               \
	X(DC_E_DC_BANDWIDTH_FIXED, 400, "DC.1011", "The bandwidth of this connection cannot change")                   \
	X(DC_E_DC_NOT_FOUND, 400, "DC.1012", "The connection does not exist")                                          \
	X(DC_E_HOSTED_VLAN_ZERO, 400, "DC.1017", "A hosted connection cannot have VLAN 0")                             \
	X(DC_E_DC_OR_LAG_NOT_FOUND, 400, "DC.1015", "The connection or LAG does not exist")                            \
	X(DC_E_QUOTA, 400, "DC.1019", "The quota is used up")                                                          \
	X(DC_E_LOCAL_SUBNETS, 400, "DC.1101", "Too many local subnets")                                                \
	X(DC_E_OVERLAP, 400, "DC.1105", "Local and remote CIDR blocks overlap")                                        \
	X(DC_E_VGW_IN_USE, 400, "DC.1106", "The gateway is in use")                                                    \
	X(DC_E_VPC_HAS_VGW, 400, "DC.1110", "The VPC already has a virtual gateway")                                   \
	X(DC_E_VGW_NOT_FOUND, 400, "DC.1111", "The virtual gateway does not exist")                                    \
	X(DC_E_VGW_TWO_CONNECTIONS, 400, "DC.1117", "The gateway already serves interfaces of two connections")        \
	X(DC_E_VGW_LOCKED, 400, "DC.1118", "The gateway is locked by another call")                                    \
	X(DC_E_NO_CONNECTION, 400, "DC.1200", "Neither a connection nor a LAG was given")                              \
	X(DC_E_NO_ASN, 400, "DC.1203", "BGP routing needs an AS number")                                               \
	X(DC_E_HOSTING, 400, "DC.1204", "A partner connection carries no interfaces")                                  \
	X(DC_E_VIF_RELATED, 400, "DC.1205", "A resource tied to the interface is in a bad state")                      \
	X(DC_E_HOSTED_TAKEN, 400, "DC.1206", "The hosted connection already has an interface")                         \
	X(DC_E_HOSTED_VLAN, 400, "DC.1207", "The VLAN differs from the VLAN of the hosted connection")                 \
	X(DC_E_HOSTED_BANDWIDTH, 400, "DC.1208", "The bandwidth of an interface on a hosted connection is fixed")      \
	X(DC_E_VLAN_TAKEN, 400, "DC.1209", "The VLAN is taken on this connection")                                     \
	X(DC_E_VIF_STATE, 400, "DC.1210", "The interface cannot go to this state")                                     \
	X(DC_E_VIF_NOT_FOUND, 400, "DC.1211", "The virtual interface does not exist")                                  \
	X(DC_E_VIF_PROJECT, 400, "DC.1213", "The interface does not match the project")                                \
	X(DC_E_VIF_IN_USE, 400, "DC.1214", "The virtual interface is in use")                                          \
	X(DC_E_VIF_TYPE, 400, "DC.1215", "The interface type does not match")                                          \
	X(DC_E_LGW, 400, "DC.1216", "The local gateway is not valid")                                                  \
	X(DC_E_VLAN_ZERO, 400, "DC.1219", "VLAN 0 excludes other interfaces on the connection")                        \
	X(DC_E_SAME_ASN, 400, "DC.1223", "Local and remote AS number are the same")                                    \
	X(DC_E_REMOTE_SUBNETS, 400, "DC.1400", "Too many remote subnets")                                              \
	X(DC_E_CIDR_TWICE, 400, "DC.1401", "A CIDR block occurs twice")                                                \
	X(DC_E_ROUTE_NOT_FOUND, 400, "DC.2720", "The route does not exist")                                            \
	X(DC_E_NO_API, 404, "APIGW.0101", "The API does not exist")                                                    \
	X(DC_E_REQUEST, 400, "APIGW.0201", "The request is malformed")                                                 \
	X(DC_E_TOO_LARGE, 413, "APIGW.0201", "The request body is too large")                                          \
	X(DC_E_UNAUTHORIZED, 401, "APIGW.0301", "Authentication failed")                                               \
	X(DC_E_FORBIDDEN, 403, "APIGW.0302", "The caller may not use this API")                                        \
	X(DC_E_UNAVAILABLE, 503, "DC.0003", "The server is stopping")                                                  \
	X(DC_E_STORAGE, 503, "DC.0003", "The server cannot use its database: the disk is full or fails")               \
	X(DC_E_DATABASE, 503, "DC.0003", "The database does not answer: try again")                                    \
	/* inside only: never an answer */                                                                             \
	X(DC_E_AGAIN, 500, "DC.0003", "Try again")                                                                     \
	X(DC_E_CONFLICT, 500, "DC.0003", "A constraint of the database refused the change")                            \
	X(DC_E_IO, 500, "DC.0003", "Input or output failed")                                                           \
	X(DC_E_KERNEL, 500, "DC.0003", "The kernel refused the change")                                                \
	X(DC_E_DAEMON, 500, "DC.0003", "The routing daemon refused the change")                                        \
	X(DC_E_PROTOCOL, 500, "DC.0003", "A message is malformed")

enum dc_code {
#define X(name, http, api, text) name,
	DC_CODES(X)
#undef X
};

#define DC_ERROR_TEXT_MAX 512

struct dc_error {
	enum dc_code code;
	int http;        /* HTTP status to answer; 0 means the code's own */
	char member[96]; /* the request member, header or parameter at fault; "" when none */
	char text[DC_ERROR_TEXT_MAX];
};

/* Fills err (which may be NULL) and returns code. member may be NULL. The words name the member and the rule that was
 * broken; they never hold a secret. */
enum dc_code dc_fail(struct dc_error *err, enum dc_code code, const char *member, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
enum dc_code dc_vfail(struct dc_error *err, enum dc_code code, const char *member, const char *fmt, va_list)
    __attribute__((format(printf, 4, 0)));
/* As dc_fail, for the resource that the path names: HTTP 404 with the resource's own code. */
enum dc_code dc_missing(struct dc_error *err, enum dc_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int dc_code_http(enum dc_code);
const char *dc_code_api(enum dc_code);  /* "DC.0001" */
const char *dc_code_text(enum dc_code); /* default words */
const char *dc_code_name(enum dc_code); /* "DC_E_PARAM", for logs */

#endif
