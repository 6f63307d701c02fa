"""Writes a mini program of a large app's size, the same at every call: input of the build benchmark."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from random import Random

_WORDS = (
    "account order goods cart coupon address search detail list item user member point card pay bill loan rate notice "
    "message setting help store shop category brand activity share invite comment score ticket seat route station city"
).split()
_TAGS = ("view", "view", "view", "text", "image", "button", "scroll-view", "swiper", "input", "navigator")
_DECLARATIONS = (
    "display: flex",
    "align-items: center",
    "justify-content: space-between",
    "flex-direction: column",
    "padding: {a}rpx {b}rpx",
    "margin-top: {a}rpx",
    "width: {c}rpx",
    "height: {a}rpx",
    "font-size: {f}rpx",
    "line-height: 1.5",
    "color: #{h}",
    "background-color: #{h}",
    "border-radius: {a}rpx",
    "position: relative",
    "overflow: hidden",
    "text-overflow: ellipsis",
    "white-space: nowrap",
    "border-bottom: 1rpx solid #eee",
    "transform: translate(-50%, -50%)",
    "transition: all .3s ease-in-out",
    "box-sizing: border-box",
    "background: linear-gradient(90deg, #{h} 0%, rgba(255, 255, 255, .{a}) 100%)",
    "font-weight: bold",
    "padding-bottom: calc({a}rpx + env(safe-area-inset-bottom))",
    "box-shadow: 0 {a}rpx {b}rpx rgba(0, 0, 0, .08)",
    "width: calc(100% - {c}rpx)",
    "color: var(--primary, #{h})",
    "-webkit-line-clamp: 2",
)

_TEMPLATE = """\
<view class="FIELD-wrap {{active === NUMBER ? 'on' : ''}}" wx:if="{{FIELD.list.length > 0}}">
  <TAG class="FIELD" wx:for="{{FIELD.list}}" wx:key="id" data-id="{{item.id}}" bindtap="onFIELD"
    style="width: {{item.width}}rpx; color: {{item.color || '#333'}}">{{format.price(item.price)}}</TAG>
</view>"""
_WXS = '<wxs module="format">module.exports.price = function (n) { return (n / 100).toFixed(2) }</wxs>'
_REQUEST = "const request = (options) => new Promise((success, fail) => wx.request({ ...options, success, fail }))"


@dataclass(frozen=True, slots=True)
class Size:
    """Files of each kind. Every page and component has a template; `scripts` and `sheets` count theirs as well."""

    pages: int = 350
    components: int = 190
    scripts: int = 830
    sheets: int = 560


def write_program(folder: Path, size: Size = Size(), seed: int = 20) -> None:
    """Write the program. 540 templates, 830 scripts and 560 sheets (1.6, 3.6 and 2 MB) with the default size."""
    _Writer(folder, size, Random(seed)).write()


class _Writer:
    def __init__(self, folder: Path, size: Size, random: Random) -> None:
        self.folder, self.size, self.random = folder, size, random
        pages = [f"{self.place(index)}pages/{self.name(index)}/index" for index in range(size.pages)]
        self.pages = sorted(pages, key=lambda page: page.startswith("package"))
        self.components = [f"components/{self.name(index)}/index" for index in range(size.components)]
        self.modules = [f"utils/{self.name(index)}" for index in range(size.scripts - size.pages - size.components - 1)]
        self.styles = [f"styles/{self.name(index)}" for index in range(size.sheets - size.pages - size.components - 1)]

    def place(self, index: int) -> str:
        """A third of the pages is in the main package, the others are in eight subpackages."""
        return "" if index % 3 == 0 else f"package{index % 8}/"

    def name(self, index: int) -> str:
        return f"{_WORDS[index % len(_WORDS)]}-{_WORDS[index // len(_WORDS) % len(_WORDS)]}-{index}"

    def write(self) -> None:
        packages: dict[str, list[str]] = {}
        for page in self.pages:
            if page.startswith("package"):
                packages.setdefault(page.split("/")[0], []).append(page.split("/", 1)[1])
        self.put(
            "app.json",
            json.dumps(
                {
                    "pages": [page for page in self.pages if not page.startswith("package")],
                    "subpackages": [{"root": root, "pages": pages} for root, pages in sorted(packages.items())],
                    "window": {"navigationBarTitleText": "Bench"},
                    "usingComponents": {f"common-{n}": f"/{self.components[n]}" for n in range(5)},
                }
            ),
        )
        self.put("project.config.json", json.dumps({"appid": "wxbench", "setting": {}}))
        self.put("app.js", "App({ globalData: {}, onLaunch() {} })\n")
        self.put(
            "app.wxss", f'@import "styles/{self.name(0)}.wxss";\npage {{ --primary: #07c160; font-size: 28rpx; }}\n'
        )
        for module in self.modules:
            self.put(f"{module}.js", self.module(module))
        for style in self.styles:
            self.put(f"{style}.wxss", self.sheet(style, 40))
        for unit in [*self.pages, *self.components]:
            is_page = unit in self.pages
            used = self.random.sample(self.components, 4) if is_page else []
            about = {"usingComponents": {f"own-{n}": f"/{path}" for n, path in enumerate(used)}}
            self.put(f"{unit}.json", json.dumps(about if is_page else {"component": True} | about))
            self.put(f"{unit}.wxml", self.template(used))
            self.put(f"{unit}.wxss", self.sheet(unit, self.random.randint(8, 30)))
            self.put(f"{unit}.js", self.unit(unit, is_page))

    def put(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    # ---- contents

    def word(self) -> str:
        return self.random.choice(_WORDS)

    def template(self, used: list[str]) -> str:
        lines = [_WXS] if self.random.random() < 0.25 else []
        for _ in range(self.random.randint(4, 14)):
            values = {"TAG": self.random.choice(_TAGS), "FIELD": self.word(), "NUMBER": str(self.random.randint(0, 9))}
            lines.append(reduce(lambda text, item: text.replace(*item), values.items(), _TEMPLATE))
        lines += [f'<own-{n} info="{{{{info}}}}" bind:change="onChange" />' for n in range(len(used))]
        return "\n".join(lines) + "\n"

    def sheet(self, path: str, rules: int) -> str:
        lines = []
        if path not in self.styles and self.styles and self.random.random() < 0.7:
            lines.append(f'@import "/{self.random.choice(self.styles)}.wxss";')
        for number in range(rules):
            first, second = self.word(), self.word()
            selector = self.random.choice(
                (
                    f".{first}-{second}",
                    f".{first} .{second}",
                    f".{first} > view",
                    f".{first}.{second}",
                    f"page .{first}",
                    f".{first}-{number}::after",
                    f".{first}:nth-child(2n + 1) text",
                    f".{first}, .{second} image",
                )
            )
            lines.append(f"/* {first} */" if number % 7 == 0 else "")
            lines.append(f"{selector} {{")
            for declaration in self.random.sample(_DECLARATIONS, self.random.randint(3, 7)):
                values = {key: self.random.randint(2, 96) for key in "abf"} | {"c": self.random.randint(100, 750)}
                lines.append(f"  {declaration.format(**values, h=f'{self.random.randrange(1 << 24):06x}')};")
            lines.append("}")
        return "\n".join(lines) + "\n"

    def functions(self, count: int, method: bool) -> str:
        parts = []
        for number in range(count):
            name, other = f"{self.word()}{number}", self.word()
            head = f"  async {name}(params = {{}}) {{" if method else f"export async function {name}(params = {{}}) {{"
            parts.append(
                f"""{head}
    // {other}: ask the server, then keep what it said
    const {{ id = 0, page = 1, ...rest }} = params
    const result = await request({{ url: `/api/{other}/${{id}}`, method: 'POST', data: {{ page, ...rest }} }})
    if (!result || result.code !== 0) {{
      wx.showToast({{ title: result?.message ?? '加载失败', icon: 'none' }})
      return []
    }}
    const list = (result.data.list || []).map((item, index) => ({{
      ...item,
      index,
      price: Number(item.price / 100).toFixed(2),
      name: item.name ? item.name.replace(/\\s+/g, ' ') : '',
      selected: item.id === id && item.status !== 'closed',
    }}))
    wx.setStorageSync('{other}', list)
    return list.filter((item) => item.selected || item.index < {self.random.randint(3, 60)})
  }}"""
            )
        return (",\n" if method else "\n").join(parts)

    def module(self, path: str) -> str:
        earlier = self.modules[: self.modules.index(path)]
        imports = [f"import * as m{n} from '/{self.random.choice(earlier)}'" for n in range(min(2, len(earlier)))]
        count = self.random.randint(3, 8)
        if self.random.random() < 0.4:  # CommonJS
            return f"{_REQUEST}\nmodule.exports = {{\n{self.functions(count, True)}\n}}\n"
        return "\n".join([*imports, _REQUEST, self.functions(count, False), "export default {}\n"])

    def unit(self, path: str, is_page: bool) -> str:
        used = self.random.sample(self.modules, min(3, len(self.modules)))
        lines = [
            f"import service{n} from '/{module}.js'" if n else f"const service{n} = require('/{module}')"
            for n, module in enumerate(used)
        ]
        lines.append("const request = (options) => service0.request(options)")
        body = self.functions(self.random.randint(3, 8), True)
        if is_page:
            lines.append(f"Page({{\n  data: {{ info: {{}}, active: 0 }},\n  onLoad() {{}},\n{body}\n}})\n")
        else:
            lines.append(f"Component({{\n  properties: {{ info: Object }},\n  methods: {{\n{body}\n}}\n}})\n")
        return "\n".join(lines)
