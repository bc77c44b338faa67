"""Refusals: what an officer may expect to be told, as opposed to a defect."""


class Refusal(Exception):
    """An expected refusal: one sentence that says what is wrong and what to do next.

    The sentence is already in the officer's language, because it is made while their update is being handled.

    Args:
        message: Plain text (not HTML), shown to the officer.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
