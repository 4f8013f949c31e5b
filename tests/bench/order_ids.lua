-- Order ids for loads, the same as order_ids.h makes: fixed in length, unique, and either in the
-- order of time or scattered.

local bit = require("bit")

-- Returns a function that returns the next id.
return function(run, kind, seed)
    local count = 0
    if kind == "time_ordered" then
        return function()
            count = count + 1
            return run .. "00000000" .. bit.tohex(count)
        end
    end
    local scatter = bit.tobit(tonumber(seed))
    return function()
        count = count + 1
        scatter = bit.bxor(scatter, bit.lshift(scatter, 13))
        scatter = bit.bxor(scatter, bit.rshift(scatter, 17))
        scatter = bit.bxor(scatter, bit.lshift(scatter, 5))
        return bit.tohex(scatter) .. run .. bit.tohex(count)
    end
end
