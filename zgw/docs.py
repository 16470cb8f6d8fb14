from typing import Any
def docs_page(api: Any, oas: Any) -> str:
    return ""
