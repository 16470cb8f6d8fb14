"""What tests look at in an answer."""

import httpx


def errors(answer: httpx.Response, status: int = 400) -> list[tuple[str, str]]:
    """Return (name, code) of each error of a refusal; fail when it has another status."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return [(param["name"], param["code"]) for param in answer.json().get("invalidParams", [])]


def error_set(answer: httpx.Response, status: int = 400) -> set[tuple[str, str]]:
    """Return the errors of a refusal for which the order does not matter."""
    return set(errors(answer, status))


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a failure."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
