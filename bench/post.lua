-- SPDX-License-Identifier: ISC
-- post.lua - each request orders a virtual gateway of its own. wrk ... -- PROJECT TOKEN SEED
local thread = 0

function setup(t)
	t:set("number", thread)
	thread = thread + 1
end

function init(args)
	project, token, seed, count, refused = args[1], args[2], tonumber(args[3]), 0, 0
	wrk.headers["X-Auth-Token"] = token
	wrk.headers["Content-Type"] = "application/json"
end

function request()
	count = count + 1
	local vpc = string.format("%08x-%04x-4000-8000-%012x", seed, number, count)
	return wrk.format("POST", "/v3/" .. project .. "/dcaas/virtual-gateways", nil,
		'{"virtual_gateway":{"name":"bench","vpc_id":"' .. vpc .. '","local_ep_group":["10.0.0.0/16"]}}')
end

function response(status, headers, body)
	if status ~= 201 then
		refused = refused + 1
		if refused == 1 then
			io.stderr:write(status, " ", body, "\n")
		end
	end
end
