"""How Feishu refuses messages and tasks. Those of the batch have the HTTP status 200."""

from __future__ import annotations

from sandbox.feishu.refusals import RefusalError


def bad_message(reason: str) -> RefusalError:
    return RefusalError(230001, f"Your request contains an invalid request parameter, ext={reason}")


def not_in_group() -> RefusalError:
    return RefusalError(230002, "Bot/User can NOT be out of the chat.")


def no_bot() -> RefusalError:
    return RefusalError(230006, "Bot ability is not activated.")


def recalled_too_late() -> RefusalError:
    return RefusalError(230009, "This message recall time limit exceeded.")


def not_available() -> RefusalError:
    """Or the person has left."""
    return RefusalError(230013, "Bot has NO availability to this user.")


def too_frequent() -> RefusalError:
    return RefusalError(230020, "This operation triggers the frequency limit.")


def too_long() -> RefusalError:
    return RefusalError(230025, "The length of the message content reaches its limit.")


def not_to_be_recalled() -> RefusalError:
    return RefusalError(230026, "No permission to recall this message.")


def unknown_message() -> RefusalError:
    return RefusalError(230030, "The message is not exist.")


def too_old_for_readers() -> RefusalError:
    return RefusalError(230033, "The message has been sent for more than 7 days.")


def bad_receiver() -> RefusalError:
    return RefusalError(230034, "The receive_id is invalid.")


def bad_card(reason: str) -> RefusalError:
    return RefusalError(230099, f"Failed to create card content, ext=ErrCode: 200621; ErrMsg: {reason}")


def already_gone() -> RefusalError:
    return RefusalError(230110, "Action unavailable as the message has been deleted.")


def bad_batch(reason: str) -> RefusalError:
    return RefusalError(10003, f"invalid param: {reason}", status=200)


def no_bot_for_batch() -> RefusalError:
    return RefusalError(11205, "app do not have bot", status=200)


def too_many_in_a_day() -> RefusalError:
    return RefusalError(11247, "internal send message limit of a day", status=200)


def bad_task(reason: str) -> RefusalError:
    return RefusalError(1470400, f"Invalid request parameters: {reason}")


def not_yours() -> RefusalError:
    return RefusalError(1470403, "No permission to this task.", status=403)


def unknown_task() -> RefusalError:
    return RefusalError(1470404, "Task not found.", status=404)


def task_failure() -> RefusalError:
    return RefusalError(1470500, "Internal server error.", status=500)


def too_many_assignees() -> RefusalError:
    return RefusalError(1470610, "Too many assignees.")


def too_many_followers() -> RefusalError:
    return RefusalError(1470611, "Too many followers.")
