"""Who is the last user of something is decided under a lock."""

from shop.runtime.locks import SharedUse


def test_only_the_last_of_several_users_stops_it(tmp_path):
    calls = []
    users = [SharedUse(tmp_path) for _ in range(3)]
    for user in users:
        user.join(lambda: calls.append("start"))

    last = [user.leave(lambda: calls.append("stop")) for user in users]

    assert last == [False, False, True]
    assert calls == ["start", "start", "start", "stop"]


def test_who_never_joined_stops_nothing(tmp_path):
    calls = []

    assert SharedUse(tmp_path).leave(lambda: calls.append("stop")) is False
    assert calls == []
