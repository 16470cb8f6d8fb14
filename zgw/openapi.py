from typing import Any
def document(api: Any, base: str = "") -> dict[str, Any]:
    return {}
