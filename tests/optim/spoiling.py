"""State dicts with a fault in them, which nothing may load."""

from __future__ import annotations

import copy
from typing import Any


def spoilt(state: Any, *path: Any, **change: Any) -> Any:
    """A copy of the state with one thing changed or, without ``to``, left out."""
    state = copy.deepcopy(state)
    *way, last = path
    place = state
    for key in way:
        place = place[key]
    if "to" in change:
        place[last] = change["to"]
    else:
        del place[last]
    return state
