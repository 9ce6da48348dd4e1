"""In the peer's environment: o200k_base tokens of each text of a JSON list on stdin, as JSON."""

import json
import sys
from importlib import import_module
from typing import Any

bpe_openai: Any = import_module("bpe_openai")

if __name__ == "__main__":
    encoding = bpe_openai.get_encoding("o200k_base")
    print(json.dumps([len(encoding.encode(text)) for text in json.load(sys.stdin)]))
