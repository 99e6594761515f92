-- Whom to call, why now and what to do next: one row per customer with something open. The score adds points for each
-- reason to the weight of what is overdue; the reasons are its own explanation, the heaviest first. A debt in a currency
-- without a rate is listed too: its days count, its pesos are unknown.
with

signals as (select * from {{ ref('int_customer_signals') }}),

largest as (select greatest(max(overdue_mxn), 1) as overdue_mxn from signals),

-- what the pesos of each customer leave out, and which rates would bring it in
unvalued as (
    select c.customer_id, sum(a.unvalued_items) as items, sum(a.unapplied_items) as unapplied_items,
        {{ join_text('c.currency', "', '") }} as currencies
    from (
        select cut_key, unvalued_items, 0 as unapplied_items from {{ ref('int_aging_cells') }}
        where as_of = {{ as_of() }} and basis = 'effective' and unvalued_items > 0
        union all
        select cut_key, unvalued_items, unvalued_items from {{ ref('int_unapplied_cells') }}
        where as_of = {{ as_of() }} and basis = 'effective' and unvalued_items > 0
    ) as a
    inner join {{ ref('int_cuts') }} as c on a.cut_key = c.cut_key
    group by c.customer_id
),

reasons as (
    select customer_id, 30 as points,
        case when is_kept_in_part then 'promesa cumplida a medias el ' else 'promesa rota el ' end || {{ day_month_es('broken_date') }} as reason
    from signals where broken_date is not null and overdue_invoices > 0
    union all
    select customer_id, 25,
        'disputa abierta hace ' || {{ days_es('dispute_days') }}
        || case when dispute_owner is null then ' sin responsable' else '' end
        || case when overdue_mxn > 0 and disputed_mxn > 0
            then ' (' || cast(cast(round(100 * least(disputed_mxn / overdue_mxn, 1)) as integer) as varchar(4)) || ' % de lo vencido)' else '' end
    from signals where dispute_days is not null
    union all
    select customer_id, 20,
        case when lower(coalesce(reversed_method, '')) in ('cheque', '02') then 'cheque devuelto el ' else 'pago devuelto el ' end
        || {{ day_month_es('reversed_date') }}
    from signals where reversed_date is not null
    union all
    select customer_id, 18, 'excede su límite de crédito' || coalesce(' (' || cast(cast(round(limit_use_pct) as bigint) as string) || ' %)', '')
    from signals where limit_use_pct > 100
    union all
    select customer_id, 16, 'pasó a más de 90 días' from signals where oldest_days > 90
    union all
    select customer_id, 12, 'sin respuesta a ' || cast(unanswered_reminders as varchar(6)) || ' recordatorios'
    from signals where unanswered_reminders >= 2 and overdue_invoices > 0
    union all
    select customer_id, 10, 'PUE sin cobrar al cierre de ' || {{ month_name_es('pue_issue_date') }}
        || case when {{ month_start('pue_issue_date') }} < {{ add_months(as_of(), -11) }} then ' de ' || cast(extract(year from pue_issue_date) as varchar(4)) else '' end
    from signals where pue_issue_date is not null
    union all
    select customer_id, 8, 'falta el tipo de cambio de ' || currencies from unvalued
    union all
    select customer_id, 6, 'paga en promedio ' || {{ days_es('mean_days_late') }} || ' tarde'
    from signals where mean_days_late >= 1
    union all
    select customer_id, 5, 'promesa' || coalesce(' de ' || {{ money_es('pending_mxn') }}, '') || ' para el ' || {{ day_month_es('pending_date') }}
    from signals where pending_date is not null and coalesce(pending_mxn, 1) > 0
    union all
    select customer_id, 4, case when has_deposit then 'depósito de ' else 'reportó pago de ' end || {{ money_es('reported_mxn') }}
        || case when has_deposit then ' en el banco, sin registrar' else ' el ' || {{ day_month_es('reported_date') }} || ', por confirmar' end
    from signals where reported_mxn > 0
    union all
    select customer_id, 3, 'vence más el ' || {{ weekday_es('next_due_date') }} || ' ' || {{ day_month_es('next_due_date') }}
    from signals where due_soon_mxn > 0
    union all
    select customer_id, 2, 'saldo a favor de ' || {{ money_es('unapplied_mxn') }} || ' por aplicar'
    from signals where unapplied_mxn > 0
    union all
    select customer_id, 0, case when overdue_invoices > 0 then 'vencido hace ' || {{ days_es('oldest_days') }} else 'al corriente' end
    from signals
),

-- the four heaviest are told; the one without points says nothing new where there is another
ranked as (
    select *, row_number() over (partition by customer_id order by points desc, reason) as place from reasons
),

told as (
    select customer_id, sum(points) as points,
        {{ join_text("case when place = 1 or (place <= 4 and points > 0) then reason end", "'; '", "place", false) }} as reasons
    from ranked
    group by customer_id
),

actions as (
    select
        s.*,
        case
            when next_action_date is not null then
                upper(substr(next_action_kind, 1, 1)) || substr(next_action_kind, 2) || coalesce(': ' || nullif(next_action_note, ''), '')
            when do_not_contact then 'No contactar: tratar con ' || coalesce(account_owner, 'el responsable')
            when dispute_days is not null and disputed_mxn >= 0.5 * overdue_mxn then
                coalesce(dispute_owner, 'Asignar responsable') || ': resolver disputa (' || lower(reason_name) || ')'
            when reversed_date is not null and overdue_invoices > 0 then 'Pedir reposición'
            when pending_date is not null then 'Revisar el ' || {{ day_month_es(add_days('pending_date', 1)) }}
            when reported_mxn > 0 then case when has_deposit then 'Registrar el pago que está en el banco' else 'Confirmar el pago reportado' end
            when broken_date is not null and overdue_invoices > 0 then 'Llamar hoy'
            when oldest_days > 90 then 'Escalar a Finanzas'
            when unanswered_reminders >= 2 and overdue_invoices > 0 then 'Llamar hoy'
            when oldest_days > 30 then 'Llamar hoy'
            when overdue_invoices > 0 then 'Enviar estado de cuenta'
            when next_due_date is not null then 'Recordar vencimiento del ' || {{ day_month_es('next_due_date') }}
            else 'Sin acción' end as next_action_text,
        case
            when next_action_date is not null then next_action_date
            when pending_date is not null and not (dispute_days is not null and disputed_mxn >= 0.5 * overdue_mxn)
                and not (reversed_date is not null and overdue_invoices > 0) then {{ add_days('pending_date', 1) }}
            when overdue_invoices > 0 or dispute_days is not null or reported_mxn > 0 then {{ as_of() }}
            when next_due_date is not null then greatest({{ add_days('next_due_date', -3) }}, {{ as_of() }})
        end as action_date
    from signals as s
),

scored as (
    select
        a.*,
        t.reasons,
        u.unapplied_items,
        coalesce(u.items, 0) as unvalued_items,
        cast(round(
            t.points + 60 * cast(a.overdue_mxn as double) / cast(l.overdue_mxn as double)
            + least(greatest(coalesce(a.oldest_days, 0), 0), 180) / 9.0, 4
        ) as decimal(18, 4)) as score
    from actions as a
    inner join told as t on a.customer_id = t.customer_id
    cross join largest as l
    left join unvalued as u on a.customer_id = u.customer_id
),

final as (
    select
        customer_id,
        customer_name,
        rfc,
        cast(row_number() over (order by score desc, overdue_mxn desc, customer_id) as integer) as priority,
        score,
        upper(substr(reasons, 1, 1)) || substr(reasons, 2) as reasons,
        case when unvalued_items > 0 and overdue_invoices > 0 then nullif(overdue_mxn, 0) else overdue_mxn end as overdue_mxn,
        case when unvalued_items > 0 then nullif(gross_mxn, 0) else gross_mxn end as gross_mxn,
        case when unvalued_items > 0 and dispute_days is not null then nullif(disputed_mxn, 0) else disputed_mxn end as disputed_mxn,
        case when overdue_invoices > 0 then oldest_days end as oldest_days,
        overdue_invoices,
        last_contact_date,
        last_contact_channel,
        coalesce(pending_date, broken_date) as promise_date,
        {{ money('pending_mxn') }} as promise_amount_mxn,
        case when pending_date is not null then 'pending' when is_kept_in_part then 'partial' when broken_date is not null then 'broken' end as promise_status,
        next_action_text as next_action,
        action_date as next_action_date,
        coalesce(next_action_owner, account_owner) as owner,
        branch,
        segment,
        {{ money('reported_mxn') }} as reported_mxn,
        case when do_not_contact then 'no contactar' when reported_mxn > 0 then 'pago reportado' end as hold_reason,
        coalesce(action_date <= {{ as_of() }}, false) and not do_not_contact as is_today,
        overdue_invoices > 0 and (last_contact_date is null or last_contact_date < {{ add_days(as_of(), -30) }}) as is_untouched,
        do_not_contact,
        case when unapplied_items > 0 then nullif(unapplied_mxn, 0) else unapplied_mxn end as unapplied_mxn,
        cast(unanswered_reminders as integer) as unanswered_reminders,
        cast(unvalued_items as integer) as unvalued_items
    from scored
)

select * from final
order by priority
