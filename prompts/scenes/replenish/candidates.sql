-- Persons whose due window is open today and to whom nothing was said since their last order:
-- one reason is good for one message. The surer the rhythm, the better the reason.
SELECT f.person_id,
       1 - least(1, f.gap_spread / f.gap_median) AS need,
       (d.due_until + 1)::timestamp AT TIME ZONE :zone AS window_until,
       jsonb_build_object('rhythm', r.rhythm, 'product', s.evidence->>'habit') AS slots,
       jsonb_build_object(
           'gap_days', f.gap_median,
           'last_order', f.last_on,
           'orders', f.orders
       ) AS evidence
FROM segment_membership s
JOIN person_facts f USING (person_id)
CROSS JOIN LATERAL (
    SELECT (s.evidence->>'due_from')::date AS due_from, (s.evidence->>'due_until')::date AS due_until
) d
-- As coarse as people speak: every further distinct text costs an employee a tap.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN f.gap_median < 5 THEN '几天'
        WHEN f.gap_median < 10.5 THEN '一周'
        WHEN f.gap_median < 17.5 THEN '两周'
        WHEN f.gap_median < 24.5 THEN '三周'
        WHEN f.gap_median < 38 THEN '一个月'
        WHEN f.gap_median < 53 THEN '一个半月'
        WHEN f.gap_median < 76 THEN '两个月'
        WHEN f.gap_median < 107 THEN '三个月'
        ELSE '好几个月'
    END AS rhythm
) r
WHERE s.dimension = 'lifecycle' AND s.segment = 'due' AND s.until IS NULL
  AND d.due_from <= :today AND d.due_until >= :today
  AND (f.last_touch_at IS NULL OR f.last_touch_at < f.last_order_at)
