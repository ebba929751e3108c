"""People can read what the API does."""


def test_people_can_read_it_without_any_script(client):
    whole = client.get("/api/docs").text
    group = client.get("/api/docs/samples").text

    assert "/api/v1/samples/{sample_id}" in whole
    assert "samples:edit" in whole
    assert "curl -X PATCH http://127.0.0.1:8000/api/v1/samples/019c5a1e" in group
    assert "If-Match" in group
    assert "<script>" not in group
    assert client.get("/api/docs/nothing").status_code == 404


def test_the_type_of_a_problem_is_the_address_of_a_page(client):
    refused = client.patch("/api/v1/samples/019c5a1e-0000-7000-8000-000000000000", json={})
    kind = refused.json["type"]

    assert kind == "/problems/unauthenticated"
    page = client.get(kind)
    assert page.status_code == 200
    assert "没有登录，或令牌无效。" in page.text
    assert "401 请先登录" in page.text


def test_a_problem_s_page_speaks_both_languages_and_marks_members_as_code(client):
    assert "<code>errors</code> 逐一指出" in client.get("/problems/validation").text
    english = client.get("/problems/validation?lang=en").text
    assert "<code>errors</code> names each." in english
    assert "422 Unprocessable Content" in english


def test_all_problems_are_listed_and_an_unknown_code_is_not_there(client):
    page = client.get("/problems")

    assert 'href="/problems/version-changed"' in page.text
    assert len(page.data) < 80_000
    assert client.get("/problems/no-such-code").status_code == 404
