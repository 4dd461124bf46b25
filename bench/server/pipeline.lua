-- Sends GET requests many at a time: wrk -s pipeline.lua URL -- COUNT
local batch

function init(args)
  batch = string.rep(wrk.format("GET"), tonumber(args[1]))
end

function request()
  return batch
end
