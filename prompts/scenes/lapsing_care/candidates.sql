-- Persons regular enough to be missed who slipped away within the last seven days and were not
-- written to since: 80 to 90 % of unhappy customers never say so, hence we ask, once.
-- The more of a regular, the more they are missed.
SELECT f.person_id,
       1 - 1.0 / d.order_days AS need,
       (s.since + 7)::timestamp AT TIME ZONE :zone AS window_until,
       jsonb_build_object('away', a.away) AS slots,
       jsonb_build_object(
           'days_away', d.days_away,
           'last_order', f.last_on,
           'orders', f.orders
       ) AS evidence
FROM segment_membership s
JOIN person_facts f USING (person_id)
CROSS JOIN LATERAL (
    SELECT f.order_days, :today - f.last_on AS days_away
) d
-- As coarse as people speak: every further distinct text costs an employee a tap.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN d.days_away < 26 THEN '三周'
        WHEN d.days_away < 38 THEN '一个月'
        WHEN d.days_away < 53 THEN '一个半月'
        WHEN d.days_away < 76 THEN '两个月'
        WHEN d.days_away < 107 THEN '三个月'
        ELSE '好几个月'
    END AS away
) a
WHERE s.dimension = 'lifecycle' AND s.segment = 'at_risk' AND s.until IS NULL
  AND s.since > :today - 7 AND s.since <= :today
  AND d.order_days >= 3
  -- Nobody calls less than three weeks an absence: whoever slipped sooner is left alone.
  AND d.days_away >= 21
  AND (f.last_touch_at IS NULL OR f.last_touch_at < s.since::timestamp AT TIME ZONE :zone)
