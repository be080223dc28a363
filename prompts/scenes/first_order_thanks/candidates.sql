-- Persons whose first order is of today or the two days before and to whom nothing was ever said.
-- There is no more or less of a first impression, so the need of it is whole.
SELECT f.person_id,
       1 AS need,
       (s.since + 3)::timestamp AT TIME ZONE :zone AS window_until,
       jsonb_build_object('visit', '第一次') AS slots,
       jsonb_build_object('first_order', f.first_on) AS evidence
FROM segment_membership s
JOIN person_facts f USING (person_id)
-- A person is new since the day of the one order; a refunded order is none.
WHERE s.dimension = 'lifecycle' AND s.segment = 'new' AND s.until IS NULL
  AND s.since > :today - 3 AND s.since <= :today
  AND f.orders = 1
  AND f.last_touch_at IS NULL
