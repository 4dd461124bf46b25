-- Sends the same bytes again and again, one or more requests in each write: wrk -s replay.lua URL -- REQUEST COUNT
local batch

function init(args)
  batch = string.rep(args[1], tonumber(args[2]))
end

function request()
  return batch
end
