"""What tests look at in an answer."""

import httpx


def errors(answer: httpx.Response) -> list[tuple[str, str]]:
    """Return (name, code) of each error of a 400."""
    assert answer.status_code == 400, f"{answer.status_code} {answer.text}"
    return [(param["name"], param["code"]) for param in answer.json().get("invalidParams", [])]


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a failure."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
