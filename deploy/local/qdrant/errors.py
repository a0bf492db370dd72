"""Errors that a client may see, with the status Qdrant answers them with."""


class ApiError(Exception):
    """`status` is the HTTP status, the message goes into Qdrant's `{"status": {"error": …}}`."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def not_found(message: str) -> ApiError:
    return ApiError(404, message)
