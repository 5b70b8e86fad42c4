"""Orders from any thread, carried out one after the other on the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from lecturekit.live.orders import Orders
from tests.live.probes import until


def noted(*names: str) -> tuple[Orders, list[tuple[str, int]]]:
    """Orders that note their name and their thread."""
    done: list[tuple[str, int]] = []

    def method(name: str):
        return lambda: done.append((name, threading.get_ident()))

    return Orders({name: method(name) for name in names}), done


def test_they_are_obeyed_on_the_loop_in_their_order():
    async def lecture() -> None:
        orders, done = noted("pause", "step")
        orders.find_loop()

        def press() -> None:
            orders.leave("pause")
            orders.leave("step")

        await asyncio.to_thread(press)
        await until(lambda: len(done) == 2)
        here = threading.get_ident()
        assert done == [("pause", here), ("step", here)]

    asyncio.run(lecture())


def test_a_caller_on_the_loop_is_not_interrupted_by_them():
    async def lecture() -> None:
        orders, done = noted("pause")
        orders.find_loop()
        orders.leave("pause")
        assert done == []
        await until(lambda: done != [])

    asyncio.run(lecture())


def test_an_order_left_twice_is_carried_out_once_and_a_later_one_again():
    orders, done = noted("step")
    orders.leave("step")
    orders.leave("step")
    orders.obey()
    orders.leave("step")
    orders.obey()
    assert [name for name, _ in done] == ["step", "step"]


def test_what_is_no_order_is_passed_over():
    orders, done = noted("step")
    orders.leave("__init__")
    orders.obey()
    assert done == []


def test_an_order_may_leave_another():
    done: list[str] = []

    def reset() -> None:
        done.append("reset")
        orders.leave("redraw")

    orders = Orders({"reset": reset, "redraw": lambda: done.append("redraw")})
    orders.leave("reset")
    orders.obey()
    assert done == ["reset", "redraw"]


def test_a_loop_that_is_closed_is_none():
    orders, done = noted("step")

    async def find() -> None:
        assert orders.find_loop() is asyncio.get_running_loop()

    asyncio.run(find())
    orders.leave("step")  # nobody there, and no error
    assert orders.find_loop() is None
    assert orders.loop is None
    orders.obey()
    assert len(done) == 1


def test_an_order_that_fails_does_not_hold_up_the_next():
    done: list[str] = []
    orders = Orders({"fail": lambda: 1 / 0, "step": lambda: done.append("step")})
    orders.leave("fail")
    orders.leave("step")
    with pytest.raises(ZeroDivisionError):
        orders.obey()
    orders.obey()
    assert done == ["step"]
