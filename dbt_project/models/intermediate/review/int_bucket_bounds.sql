-- The bucket bounds of the seed in one row, so that a query of many rows compares with constants.
select
    max(case when bucket = 'current' then to_days end) as current_to,
    max(case when bucket = '1-30' then to_days end) as d1_30_to,
    max(case when bucket = '31-60' then to_days end) as d31_60_to,
    max(case when bucket = '61-90' then to_days end) as d61_90_to,
    max(case when bucket = '91-120' then to_days end) as d91_120_to
from {{ ref('buckets') }}
