-- GET /api/v1/orders/{id} of stored orders, at random.
-- Arguments: the run of ids (order_ids.h; time-ordered), and how many of it are stored.

local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(directory .. "summary.lua")
local bit = require("bit")

local before_count
local stored

generated = 0

function init(args)
    before_count = "GET /api/v1/orders/" .. args[1] .. "00000000"
    stored = tonumber(args[4])
    math.randomseed(1)
end

function request()
    generated = generated + 1
    return before_count .. bit.tohex(math.random(stored)) .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
end
