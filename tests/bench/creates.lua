-- POST /api/v1/orders with a new order each time, High and Normal alternately.
-- Arguments: the run of ids (order_ids.h), and how many bytes of payload each has (0: none).

local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(directory .. "summary.lua")
local order_ids = dofile(directory .. "order_ids.lua")

local id_length = 24
local next_id

-- What goes before and after the id: wrk.format would build all of it anew for each request.
local function around_id(priority, payload_bytes)
    local before = '{"order_id":"'
    local behind = '","priority":"' .. priority .. '","processing_time":1'
    if payload_bytes > 0 then
        behind = behind .. ',"payload":"' .. string.rep("x", payload_bytes - 2) .. '"'
    end
    behind = behind .. "}"
    local head = "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\n" ..
        "Content-Type: application/json\r\nContent-Length: " ..
        (#before + id_length + #behind) .. "\r\n\r\n"
    return head .. before, behind
end
local before_high, behind_high
local before_normal, behind_normal

generated = 0

function init(args)
    next_id = order_ids(args[1], args[2], args[3])
    local payload_bytes = tonumber(args[4] or "0")
    before_high, behind_high = around_id("High", payload_bytes)
    before_normal, behind_normal = around_id("Normal", payload_bytes)
end

function request()
    generated = generated + 1
    if generated % 2 == 0 then
        return before_high .. next_id() .. behind_high
    end
    return before_normal .. next_id() .. behind_normal
end
