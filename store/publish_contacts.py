"""Who can be reached, and through whom."""

from store.publication import Publication, Published


def publish_contacts(run: Publication) -> Published:
    """Publish contacts of those who are members; who is none is put aside."""
    strangers = run(
        "DELETE FROM {stage} s WHERE NOT EXISTS"
        " (SELECT 1 FROM person p WHERE p.identity = 'unionid:' || s.unionid)"
    )
    unchanged = run(
        "DELETE FROM {stage} s USING contact c JOIN person p ON p.id = c.person_id"
        " WHERE c.channel = s.channel AND c.address = s.address"
        " AND c.employee_id = s.employee_id AND p.identity = 'unionid:' || s.unionid"
        " AND c.since = s.since AND c.tags = coalesce(s.tags, '[]')"
    )
    run(
        "INSERT INTO employee (id, active) SELECT DISTINCT employee_id, true FROM {stage}"
        " ON CONFLICT DO NOTHING"
    )
    published = run(
        "INSERT INTO contact (channel, address, employee_id, person_id, since, tags)"
        " SELECT s.channel, s.address, s.employee_id, p.id, s.since,"
        " coalesce(s.tags, '[]') FROM {stage} s"
        " JOIN person p ON p.identity = 'unionid:' || s.unionid"
        " ON CONFLICT (channel, address, employee_id) DO UPDATE"
        " SET person_id = excluded.person_id, since = excluded.since,"
        " tags = excluded.tags"
    )
    return Published(published, unchanged, {"not_a_member": strangers} if strangers else {})
