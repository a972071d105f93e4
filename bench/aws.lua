-- SPDX-License-Identifier: ISC
-- aws.lua - calls of AWS's Direct Connect, with the X-Amz-Target that the command line gives.
function request()
	return wrk.format("POST", "/", nil, '{"location":"EqDC2","bandwidth":"1Gbps","connectionName":"bench"}')
end
