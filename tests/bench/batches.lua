-- POST /api/v1/orders/batch with 1,000 new orders each time. The bodies are made before the load
-- starts; if it takes more of them than that, the rest is made on the way.
-- Arguments: the run of ids (order_ids.h), and how many bodies to make beforehand.

local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(directory .. "summary.lua")
local order_ids = dofile(directory .. "order_ids.lua")

local orders_per_batch = 1000
local next_id
local requests = {}

local function new_request()
    local orders = {}
    for i = 1, orders_per_batch do
        orders[i] = '{"order_id":"' .. next_id() .. '","priority":"' ..
            (i % 2 == 0 and "High" or "Normal") .. '","processing_time":1}'
    end
    local body = '{"orders":[' .. table.concat(orders, ",") .. "]}"
    return "POST /api/v1/orders/batch HTTP/1.1\r\nHost: 127.0.0.1\r\n" ..
        "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

generated = 0

function init(args)
    next_id = order_ids(args[1], args[2], args[3])
    for i = 1, tonumber(args[4]) do
        requests[i] = new_request()
    end
end

function request()
    generated = generated + 1
    return requests[generated] or new_request()
end
