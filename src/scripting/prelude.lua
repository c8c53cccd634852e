-- What is simpler, or faster, in Lua than in Rust: the functions around errors, which have to hand
-- Lua values through, and small ones on the way of every script.
--
-- Everything is a local of this chunk, so nothing that a script does to its globals matters here.
-- `unwrap` turns what Rust has raised into a Lua value; `is_killed` knows an error that nobody catches;
-- `tick` looks at the clock, before something that nobody can interrupt; `complain` raises that an argument
-- is bad, of the function so many levels up. `functions` has what was compiled, by number; `globals` is where
-- scripts find KEYS and ARGV, and nil if they are arguments.
--
-- What Rust and Lua hand each other costs little if it is a number, a boolean or a text, and much if it is any
-- value. So whoever is called often is called with a type for each argument, and what is of another
-- type is sorted out here.

local unwrap, is_killed, deny, guarded, place, tick, complain, functions, globals = ...
local type, tostring, tonumber, error, select = type, tostring, tonumber, error, select
local rawget, getmetatable, gsub = rawget, getmetatable, string.gsub
local next, pcall, xpcall, unpack, insert = next, pcall, xpcall, unpack, table.insert
local create, resume = coroutine.create, coroutine.resume

local function finish(ok, ...)
  if ok then return true, ... end
  local raised = ...
  if type(raised) == 'userdata' then raised = unwrap(raised) end
  return false, raised
end

-- These functions are called from scripts in place of ones in C, and complain like those.
local function bad(index, expected, ...)
  if index <= select('#', ...) then
    expected = expected .. ' expected, got ' .. type((select(index, ...)))
  elseif expected == 'value' then
    expected = 'value expected'
  else
    expected = expected .. ' expected, got no value'
  end
  complain(2, index, expected)
end

local safe = {}

-- A script that catches an error of `redis.call` gets its text, as it did before errors were tables.
local function text_of_error(ok, ...)
  if ok then return true, ... end
  local raised = ...
  local text = type(raised) == 'table' and raised.err
  if type(text) == 'string' or type(text) == 'number' then return false, text end
  return false, raised
end

function safe.pcall(...)
  if select('#', ...) == 0 then return false, 'attempt to call a boolean value' end
  return text_of_error(finish(pcall(...)))
end

function safe.xpcall(...)
  if select('#', ...) < 2 then bad(2, 'value') end
  local f, handler = ...
  return finish(xpcall(f, function(raised)
    if type(raised) == 'userdata' then
      if is_killed(raised) then return raised end
      raised = unwrap(raised)
    end
    return handler(raised)
  end))
end

-- Each coroutine may go as deep into C as if it were alone, and they all share one stack: so few may be
-- resumed inside of each other.
local resumed = 0
local MOST_RESUMED = 10

local function leave(before, ...)
  resumed = before
  return finish(...)
end

function safe.resume(...)
  local co = ...
  if type(co) ~= 'thread' then complain(1, 1, 'coroutine expected') end
  if resumed >= MOST_RESUMED then return false, 'C stack overflow' end
  local before = resumed
  resumed = before + 1
  return leave(before, resume(...))
end

local function succeed(ok, ...)
  if ok then return ... end
  error((...), 3)
end

function safe.wrap(f)
  if type(f) ~= 'function' then complain(1, 1, 'Lua function expected') end
  local co = create(f)
  return function(...)
    return succeed(safe.resume(co, ...))
  end
end

-- The original counts in 32 bits, and ranges can be chosen so that the count overflows. So many values
-- fit onto the stack.
local MOST_UNPACKED = 7950

function safe.unpack(...)
  local list, first, last = ...
  if type(list) ~= 'table' then bad(1, 'table', ...) end
  if first == nil then first = 1 end
  if last == nil then last = #list end
  local from, to = tonumber(first), tonumber(last)
  if not from then bad(2, 'number', ...) end
  if not to then bad(3, 'number', ...) end
  if from > to then return end
  if not (to - from < MOST_UNPACKED) then error('too many results to unpack', 2) end -- nor with NaN
  return unpack(list, from, to)
end

-- Inserting into a list that is so long looks at the clock before: it takes as long as the list is.
local LARGE = 1000

function safe.insert(...)
  local list = ...
  if type(list) ~= 'table' then bad(1, 'table', ...) end
  local count = select('#', ...)
  if count < 2 or count > 3 then error("wrong number of arguments to 'insert'", 2) end
  if count == 3 then
    local at = tonumber((select(2, ...)))
    if not at then bad(2, 'number', ...) end
    local length = #list
    if length > LARGE then tick() end
    -- The original moves everything from the end down to there, be it two thousand million places.
    if at < -LARGE then error("bad argument #2 to 'insert' (position out of bounds)", 2) end
  end
  if guarded[list] then deny() end
  return insert(...)
end

-- Whether a table is a list of nothing but texts.
local function has_only_texts(t)
  local index, value = 1, rawget(t, 1)
  while type(value) == 'string' do
    index = index + 1
    value = rawget(t, index)
  end
  return index > 1 and value == nil
end

-- What a table stands for as a reply. Metatables of scripts have no say in it.
local function shape(t)
  local err, ok, double, map, set, big, verbatim
  if getmetatable(t) == nil then
    err, ok, double, map = t.err, t.ok, t.double, t.map
    set, big, verbatim = t.set, t.big_number, t.verbatim_string
  else
    err, ok, double, map = rawget(t, 'err'), rawget(t, 'ok'), rawget(t, 'double'), rawget(t, 'map')
    set, big, verbatim = rawget(t, 'set'), rawget(t, 'big_number'), rawget(t, 'verbatim_string')
  end
  if type(err) == 'string' then return 1, err end
  if type(ok) == 'string' then return 2, ok end
  if type(double) == 'number' then return 3, double end
  if type(map) == 'table' then return 4, map end
  if type(set) == 'table' then return 5, set end
  if type(big) == 'string' then return 6, big end
  if type(verbatim) == 'table' then return 7, verbatim end
  if has_only_texts(t) then return 8 end
  return 0
end

-- The error of a script that nobody has caught, with the place where it was raised.
local function handler(raised)
  resumed = 0 -- whatever it was in the midst of
  local source, line = place()
  if type(raised) == 'userdata' then
    raised = is_killed(raised) or unwrap(raised)
  end
  if type(raised) == 'table' then
    return { tostring(rawget(raised, 'err') or 'ERR unknown error'), source, line,
      rawget(raised, 'ignore_error_stats_update') }
  end
  -- Above the script there is nothing, whatever level an error names.
  return { 'ERR ' .. gsub(tostring(raised), '^prelude:%d+: ', ''), source, line }
end

-- The lists of keys and of other arguments, of which the first so many are keys.
local function lists(keys, ...)
  if keys == 0 then return {}, { ... } end
  if keys == 1 then return { (...) }, { select(2, ...) } end
  return { unpack({ ... }, 1, keys) }, { select(keys + 1, ...) }
end

-- Kept in variables, for `xpcall` hands no arguments on.
local running, its_keys, its_args

-- Before a run: what is to run, and with what. There may be two lists in place of a number of keys. While this
-- runs, no limit of memory holds.
local function prepare(id, keys, ...)
  running = functions[id]
  if globals then
    if keys then globals.KEYS, globals.ARGV = lists(keys, ...) else globals.KEYS, globals.ARGV = ... end
  else
    if keys then its_keys, its_args = lists(keys, ...) else its_keys, its_args = ... end
  end
end

-- A text that is longer is handed over as what it is, and not copied.
local LONG = 100000

-- How a run has ended: a number that says so (`Ended` of interpreter.rs), a number, a text, and a value with
-- what is inside of it.
local function ended(ok, value)
  if not ok then return 0, 0, nil, value end
  local kind = type(value)
  if kind == 'string' and #value <= LONG then return 1, 0, value end
  if kind == 'number' then return 2, value end
  if kind ~= 'table' then return 3, 0, nil, value end
  local stands_for, inside = shape(value)
  if stands_for == 2 then return 4, 0, inside end
  return 5, stands_for, nil, value, inside
end

local function run_script()
  return ended(xpcall(running, handler))
end

local function call_running()
  return running(its_keys, its_args)
end

local function forget_arguments(...)
  its_keys, its_args = nil, nil
  return ...
end

local function run_function()
  return ended(forget_arguments(xpcall(call_running, handler)))
end

-- Texts as they are, or nothing if they are long: so Rust reads several at a time off the interpreter's stack.
local function texts(a, b, c, d, e, f)
  local length = #a + #b
  if c then length = length + #c end
  if d then length = length + #d end
  if e then length = length + #e end
  if f then length = length + #f end
  if length <= LONG then return a, b, c, d, e, f end
end

-- The largest index of a table that is a list, how many it has, and whether they are texts without a gap;
-- 0 and 0 for one that isn't.
local function list_length(t)
  local largest, items, has_only_texts = 0, 0, true
  for k, v in next, t do
    if type(k) ~= 'number' or k < 1 or k % 1 ~= 0 then return 0, 0 end
    if k > largest then largest = k end
    items = items + 1
    if has_only_texts and type(v) ~= 'string' then has_only_texts = false end
  end
  return largest, items, has_only_texts and largest == items
end

return safe, shape, xpcall, handler, prepare, globals and run_script or run_function, texts, list_length
