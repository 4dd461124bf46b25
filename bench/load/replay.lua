-- Sends the same requests in turn, again and again, each once or more in a write: wrk -s replay.lua URL -- COUNT REQUEST…
local writes = {}
local at = 0

function init(args)
  for index = 2, #args do
    writes[index - 1] = string.rep(args[index], tonumber(args[1]))
  end
end

function request()
  at = at % #writes + 1
  return writes[at]
end
