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
