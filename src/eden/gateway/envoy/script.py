"""The script that Envoy runs beside each call: what belongs to the wire rather than to an operation.

Headers of ours are taken from services and callers, a trace id is found or made, and answers say how it went with
result code, words and trace, as `eden.gateway.pipeline` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from eden.gateway.pipeline import codes

#: says in an answer that Envoy made itself why it did; taken off by the script
LOCAL_HEADER = "x-eden-local"

#: of a local reply: why Envoy answered itself → status, result code, sentence (as `pipeline.pipeline` has them)
LOCAL: Mapping[str, tuple[int, int, str]] = {
    "limited": (429, codes.LIMITED, "Too many calls."),
    "timeout": (504, codes.TIMEOUT, "The service did not answer in time."),
    "connect": (502, codes.UPSTREAM, "No connection to the service could be had."),
    "queue": (503, codes.UPSTREAM, "Too many calls wait for the service."),
    "none": (503, codes.UPSTREAM, "No target of the service is well."),
    "broken": (502, codes.UPSTREAM, "The service ended the connection, or its answer was none."),
    "large": (413, codes.MALFORMED, "The body is too large."),
}

_SCRIPT = """
local LOCAL = {LOCAL}
local TIPS = {TIPS}
local NOT_RETURNED = {["result-status"]=true, tips=true, memo=true, ["mgw-traceid"]=true, ["server-time"]=true}
local NOT_SENT = {["operation-type"]=true, appid=true, workspaceid=true, did=true, ts=true, sign=true, signtype=true}

local function starts(text, prefix) return string.sub(text, 1, #prefix) == prefix end

local function drop(headers, which)
  local names = {}
  for name, _ in pairs(headers) do if which(name) then names[#names + 1] = name end end
  for _, name in ipairs(names) do headers:remove(name) end
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local meta = handle:metadata()
  local made = string.gsub(headers:get("x-request-id") or "", "-", "")
  headers:remove("x-request-id")
  drop(headers, function(name) return starts(name, "x-envoy-") end)
  local trace = string.match(headers:get("traceparent") or "", "^00%-(%x+)%-%x+%-%x%x$") or ""
  if #trace ~= 32 or trace ~= string.lower(trace) or trace == string.rep("0", 32) then trace = made end
  local language = "en"
  if starts(string.lower(headers:get("accept-language") or ""), "zh") then language = "zh" end
  local info = handle:streamInfo():dynamicMetadata()
  info:set("eden", "trace", trace)
  info:set("eden", "language", language)
  info:set("eden", "at", handle:timestampString())
  if meta:get("own") then
    headers:replace("traceparent", "00-" .. trace .. "-" .. string.sub(made, 1, 16) .. "-01")
    return
  end
  local app = headers:get("x-eden-app")
  local device = headers:get("x-eden-device") or headers:get("did")
  if not device then device = string.gsub(handle:streamInfo():downstreamRemoteAddress(), ":%d+$", "") end
  drop(headers, function(name) return NOT_SENT[name] or starts(name, "x-eden-") or starts(name, "x-mgs-") end)
  headers:add("x-eden-app", app)
  headers:add("x-eden-device", string.sub(device, 1, 128))
  headers:replace("traceparent", "00-" .. trace .. "-" .. string.sub(made, 1, 16) .. "-01")
  local kind = meta:get("content_type")
  if not kind then
    headers:remove("content-type")
  elseif not headers:get("content-type") and headers:get("content-length") ~= "0"
      and (headers:get("content-length") or headers:get("transfer-encoding")) then
    headers:add("content-type", kind)
  end
end

function envoy_on_response(handle)
  local info = handle:streamInfo():dynamicMetadata():get("eden")
  if not info or handle:metadata():get("own") then return end
  local headers = handle:headers()
  local why = headers:get("x-eden-local")
  drop(headers, function(name) return NOT_RETURNED[name] or starts(name, "x-eden-") end)
  local status = tonumber(headers:get(":status"))
  local code, memo, body = 1000, "", nil
  if why then
    local known = LOCAL[why]
    code, memo = known.code, known.memo
    local tips = TIPS[info.language][code]
    body = '{"type":"about:blank","title":"' .. known.title .. '","status":' .. status
      .. ',"code":"' .. known.name .. '","detail":"' .. memo .. '","tips":"' .. tips.json
      .. '","resultStatus":' .. code .. ',"trace":"' .. info.trace .. '"}'
    headers:replace("content-type", "application/problem+json")
    headers:replace("content-length", tostring(#body))
  elseif status >= 500 then
    code, memo = 4002, "The service answered " .. status .. "."
  elseif status >= 400 then
    code, memo = 6666, "The service answered " .. status .. "."
  end
  headers:add("result-status", tostring(code))
  if code ~= 1000 then
    local tips = TIPS[info.language][code]
    if tips.header ~= "" then headers:add("tips", tips.header) end
    headers:add("memo", memo)
  end
  headers:add("x-eden-trace", info.trace)
  headers:add("mgw-traceid", info.trace)
  headers:add("server-time", info.at)
  -- last: what was got before it must not be used after it
  if body then handle:body():setBytes(body) end
end
"""


def script(texts: Mapping[str, Mapping[str, str]]) -> str:
    """`texts`: of the catalogue, result code → language → sentence."""
    own = {int(code): words for code, words in texts.items()}
    used = sorted({code for _, code, _ in LOCAL.values()} | {codes.UPSTREAM, codes.BUSINESS})
    tips = _table({language: _table(_tips(used, language, own)) for language in ("en", "zh")})
    local = {}
    for word, (_, code, memo) in LOCAL.items():
        known = codes.CODES[code]
        texts_of = {"memo": _text(memo), "title": _text(_json(known.memo)), "name": _text(known.name)}
        local[word] = _table({"code": str(code), **texts_of})
    return _SCRIPT.replace("{LOCAL}", _table(local), 1).replace("{TIPS}", tips, 1)


def _tips(used: list[int], language: str, own: Mapping[int, Mapping[str, str]]) -> dict[str, str]:
    found = {}
    for code in used:
        words = codes.tips_of(code, language, own)
        found[f"[{code}]"] = _table({"header": _text(quote(words)), "json": _text(_json(words))})
    return found


def _table(entries: Mapping[str, str]) -> str:
    """A Lua table of names and written values."""
    return f"{{{', '.join(f'{name}={value}' for name, value in entries.items())}}}"


def _text(value: str) -> str:
    """As a Lua string: every byte that is no plain character by its number."""
    plain = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03d}" for b in value.encode())
    return f'"{"".join(plain)}"'


def _json(value: str) -> str:
    """As it stands between the quotes of JSON."""
    return msgspec.json.encode(value).decode()[1:-1]
