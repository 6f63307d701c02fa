"""Every sentence that the rules of releasing say, in English and Chinese.

Rules return a `Message`, a code with fields; `say` makes a sentence of it. A field is shown by its name: what ends in
`share` are basis points and shown in percent, what ends in `_at` is a moment, `verb`, `verbs` (with commas),
`state` and `level` are words of their own, everything else is shown as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from eden.release.interfaces import SECOND, Message

Language: TypeAlias = Literal["en", "zh"]

#: code → (English, Chinese)
SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # verbs that are refused
    "not-in-state": (
        "A release that is {state} cannot be told to {verb}; possible now: {verbs}.",
        "发布处于“{state}”状态，不能{verb}；现在可以：{verbs}。",
    ),
    "at-its-end": (
        "The release is {state}, which is its end; withdraw the version to take it back.",
        "发布{state}，已经结束；如需收回，请撤回该版本。",
    ),
    "last-step": (
        "This is the last of {steps} steps; finish the release instead.",
        "这是 {steps} 个步骤中的最后一步；请改为完成发布。",
    ),
    "no-such-step": ("There is no step {step}; the plan has {steps} steps.", "没有第 {step} 步；计划共 {steps} 步。"),
    "not-back": (
        "The release is at step {current} and goes forward only; step {step} is not after it.",
        "发布已在第 {current} 步，只能向前；第 {step} 步不在其后。",
    ),
    "step-not-taken": ("Only advance goes to a step.", "只有“推进”可以指定步骤。"),
    "too-early": (
        "The step asks for {seconds} seconds at least; this is possible from {allowed_at} on.",
        "该步骤至少需要 {seconds} 秒；{allowed_at} 之后才可以。",
    ),
    "steps-left": (
        "{left} more steps follow; advance to the last one first.",
        "后面还有 {left} 个步骤；请先推进到最后一步。",
    ),
    "ramp-running": (
        "The share is still growing: {share} of {target_share}.",
        "比例仍在增长：{share}，目标 {target_share}。",
    ),
    # what verbs are refused for beyond the release itself
    "review-missing": (
        "Version {version} has no review yet, which this workspace asks for before everyone gets it; have somebody "
        "other than its author approve it.",
        "版本 {version} 尚未通过评审，此工作区要求评审之后才能发布给所有人；请由作者以外的人批准。",
    ),
    "version-withdrawn": (
        "Version {version} was withdrawn; release another one.",
        "版本 {version} 已撤回；请发布其他版本。",
    ),
    "version-rejected": (
        "Version {version} was rejected by a reviewer; release another one.",
        "版本 {version} 被评审拒绝；请发布其他版本。",
    ),
    "version-not-newer": (
        "Version {version} is not newer than the stable one (code {code}), and phones only go forward; upload it again "
        "with a higher code, or withdraw the stable version.",
        "版本 {version} 不比稳定版本（编号 {code}）新，而手机只会升级；请用更大的编号重新上传，或撤回稳定版本。",
    ),
    "list-removed": (
        "A list that the plan names was removed; make a new release.",
        "计划中的一个名单已被删除；请新建发布。",
    ),
    "other-offers": (
        "Another release of this program offers its version at this moment; finish it, halt it or roll it back first.",
        "该程序当前有另一个发布正在提供版本；请先完成、停止或回滚它。",
    ),
    "later-release": (
        "A later release has brought version {version} to its users; roll that one back, or withdraw the version.",
        "之后的另一个发布已把版本 {version} 提供给用户；请回滚那个发布，或撤回该版本。",
    ),
    # what the schedule does
    "ramp": ("The ramp goes on: {share}.", "按计划放量到 {share}。"),
    "window-opened": ("The window of the step has opened.", "步骤的时间窗已开始。"),
    "window-not-open": ("The window of the step opens at {opens_at}.", "步骤的时间窗于 {opens_at} 开始。"),
    "window-over": ("The window of the step is over since {closes_at}.", "步骤的时间窗已于 {closes_at} 结束。"),
    "cap-reached": (
        "{devices} devices have the version, of {cap} allowed.",
        "已有 {devices} 台设备得到该版本，上限 {cap} 台。",
    ),
    "time-over": (
        "The step's minimum time is over and the guardrails are content.",
        "步骤的最短时间已到，护栏正常。",
    ),
    "guardrail": ("A guardrail stopped the release.", "护栏停止了发布。"),
    "alert": ("The alert “{watcher}” stopped the release.", "告警“{watcher}”停止了发布。"),
    # what guardrails say
    "guardrail-crash": (
        "Crashes: {events} in {starts} starts, {control_events} in {control_starts} with the old version; "
        "{ratio} times as often.",
        "崩溃：新版本 {starts} 次启动中 {events} 次，旧版本 {control_starts} 次启动中 {control_events} 次；"
        "约为 {ratio} 倍。",
    ),
    "guardrail-watch-crash": (
        "Crashes look more frequent: {events} in {starts} starts, {control_events} in "
        "{control_starts} with the old version; not yet enough to stop.",
        "崩溃似有增多：新版本 {starts} 次启动中 {events} 次，旧版本 {control_starts} 次启动中 {control_events} 次；"
        "尚不足以停止。",
    ),
    "guardrail-limit-crash": (
        "Crashes: {events} in {starts} starts without a control group, surely more than {limit_share}.",
        "崩溃：无对照组的 {starts} 次启动中 {events} 次，确已超过 {limit_share}。",
    ),
    "guardrail-start": (
        "Failures to start: {events} in {starts} starts, {control_events} in {control_starts} with the old version; "
        "{ratio} times as often.",
        "启动失败：新版本 {starts} 次启动中 {events} 次，旧版本 {control_starts} 次启动中 {control_events} 次；"
        "约为 {ratio} 倍。",
    ),
    "guardrail-watch-start": (
        "Failures to start look more frequent: {events} in {starts} starts, {control_events} in "
        "{control_starts} with the old version; not yet enough to stop.",
        "启动失败似有增多：新版本 {starts} 次启动中 {events} 次，旧版本 {control_starts} 次启动中 {control_events} 次；"
        "尚不足以停止。",
    ),
    "guardrail-limit-start": (
        "Failures to start: {events} in {starts} starts without a control group, surely more than {limit_share}.",
        "启动失败：无对照组的 {starts} 次启动中 {events} 次，确已超过 {limit_share}。",
    ),
    "guardrail-error": (
        "Script errors: {events} in {starts} starts, {control_events} in {control_starts} with the old version; "
        "{ratio} times as often.",
        "脚本错误：新版本 {starts} 次启动中 {events} 次，旧版本 {control_starts} 次启动中 {control_events} 次；"
        "约为 {ratio} 倍。",
    ),
    "guardrail-watch-error": (
        "Script errors look more frequent: {events} in {starts} starts, {control_events} in "
        "{control_starts} with the old version; not yet enough to stop.",
        "脚本错误似有增多：新版本 {starts} 次启动中 {events} 次，旧版本 {control_starts} 次启动中 {control_events} 次；"
        "尚不足以停止。",
    ),
    "guardrail-limit-error": (
        "Script errors: {events} in {starts} starts without a control group, surely more than {limit_share}.",
        "脚本错误：无对照组的 {starts} 次启动中 {events} 次，确已超过 {limit_share}。",
    ),
    "guardrail-off": ("No guardrail is on.", "没有开启护栏。"),
    "guardrail-healthy": ("Nothing is worse after {starts} starts.", "{starts} 次启动后没有变差。"),
    "guardrail-collecting": (
        "{starts} of {minimum} starts that the step asks for.",
        "已有 {starts} 次启动，步骤要求 {minimum} 次。",
    ),
    "guardrail-few": (
        "{starts} starts so far; versions are compared from {needed} on.",
        "目前有 {starts} 次启动；满 {needed} 次后开始比较。",
    ),
    "guardrail-no-control": (
        "There is no control group to compare with; only the limit holds.",
        "没有可比较的对照组；仅上限有效。",
    ),
    # what a device gets, and why
    "has-nothing": ("The device has no version.", "设备上没有版本。"),
    "has": ("The device has {version}.", "设备上是 {version}。"),
    "has-unknown": ("The device has version {code}, which is not known here.", "设备上的版本 {code} 在此未知。"),
    "has-revoked": ("The device has {version}, which is withdrawn.", "设备上是 {version}，该版本已撤回。"),
    "trial-opens-nothing": ("Its trial token opens no version.", "体验口令未对应任何版本。"),
    "no-release": ("No release is running.", "没有进行中的发布。"),
    "release-has": ("It has the release's version {version} and keeps it.", "设备已有发布中的 {version}，予以保留。"),
    "release-not-newer": (
        "The release's {version} is not newer than what it may have anyway.",
        "发布中的 {version} 不比设备本可得到的版本新。",
    ),
    "on-list": ("It is on the list {list}.", "设备在名单 {list} 中。"),
    "on-no-list": ("It is on none of {lists} lists.", "设备不在 {lists} 个名单中。"),
    "matches-pattern": ("Its device or user id matches a pattern.", "设备或用户 ID 匹配模式。"),
    "matches-no-pattern": ("Neither its device nor its user id matches a pattern.", "设备和用户 ID 均不匹配模式。"),
    "rule-holds": ("It satisfies the rule.", "满足规则。"),
    "rule-fails": ("It does not satisfy the rule.", "不满足规则。"),
    "within-share": (
        "Its place in this release is {place_share}, within the share of {share}.",
        "设备在本次发布中的位置是 {place_share}，在 {share} 的比例之内。",
    ),
    "beyond-share": (
        "Its place in this release is {place_share}, beyond the share of {share}.",
        "设备在本次发布中的位置是 {place_share}，超出 {share} 的比例。",
    ),
    "closed-before-window": ("The step's window has not opened yet.", "步骤的时间窗尚未开始。"),
    "closed-after-window": ("The step's window is over.", "步骤的时间窗已结束。"),
    "closed-cap": ("As many devices have it as the step allows.", "已达到步骤允许的设备数。"),
    "is-bad": ("{version} did not start on this device before.", "{version} 曾在此设备上启动失败。"),
    "container-too-old": (
        "{version} needs container {needs}; the device has {has}.",
        "{version} 需要容器 {needs}；设备是 {has}。",
    ),
    "no-stable": ("There is no stable version.", "没有稳定版本。"),
    "stable-not-newer": (
        "The stable version, {version}, is nothing newer that it could have.",
        "稳定版本 {version} 不是设备可用的更新版本。",
    ),
    "not-for-shell": (
        "The upgrade to {version} is not meant for its platform and app version.",
        "升级到 {version} 不适用于该平台和应用版本。",
    ),
    "gets-trial": ("It gets {version} by its trial token.", "凭体验口令得到 {version}。"),
    "keeps-trial": ("It keeps {version}, which its trial token opens.", "保留体验口令对应的 {version}。"),
    "gets-release": ("It gets {version} from the running release.", "从进行中的发布得到 {version}。"),
    "gets-stable": ("It gets the stable version {version}.", "得到稳定版本 {version}。"),
    "gets-nothing": ("There is nothing that it may have.", "没有可以得到的版本。"),
    "gets-notice": ("It is told of the upgrade to {version} ({level}).", "提示升级到 {version}（{level}）。"),
    "keeps": ("It keeps what it has.", "保持现有版本。"),
    "must-remove": ("It must remove what it has; there is nothing instead.", "须删除现有版本，没有可替代的版本。"),
}

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "start": ("start", "开始"),
    "advance": ("advance", "推进"),
    "pause": ("pause", "暂停"),
    "resume": ("resume", "继续"),
    "halt": ("halt", "停止"),
    "roll_back": ("roll back", "回滚"),
    "roll_forward": ("roll forward", "恢复发布"),
    "finish": ("finish", "完成"),
    "draft": ("a draft", "草稿"),
    "live": ("live", "进行中"),
    "paused": ("paused", "已暂停"),
    "halted": ("halted", "已停止"),
    "rolled_back": ("rolled back", "已回滚"),
    "finished": ("finished", "已完成"),
    "optional": ("optional", "可选"),
    "recommended": ("recommended", "推荐"),
    "forced": ("forced", "强制"),
}


def say(message: Message, language: Language = "en") -> str:
    """The sentence. KeyError for a code or a field that nobody wrote a sentence for."""
    column = 0 if language == "en" else 1
    fields = {name: _show(name, value, column) for name, value in message.fields.items()}
    return SENTENCES[message.code][column].format_map(fields)


def percent(share: int) -> str:
    """Basis points as people read them: 1250 is "12.5 %"."""
    whole, rest = divmod(share, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"


def moment(at: int) -> str:
    """RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _show(name: str, value: str | int, column: int) -> str:
    if name.endswith("share") and isinstance(value, int):
        return percent(value)
    if name.endswith("_at") and isinstance(value, int):
        return moment(value)
    if name in ("verb", "state", "level"):
        return _WORDS[str(value)][column]
    if name == "verbs":
        return (", ", "、")[column].join(_WORDS[word][column] for word in str(value).split(","))
    return str(value)
