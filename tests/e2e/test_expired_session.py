"""A session that ends while a form is being filled in: nothing typed is lost."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, expect

from grids.models import Staff
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page: Any, number: str) -> None:
    page.fill("input[name=username]", number)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")


def test_a_form_filled_in_while_the_session_ended_comes_back_after_the_sign_in(
    world: World, live_server: Any, chromium: Browser
) -> None:
    context = chromium.new_context(locale="zh-CN", base_url=live_server.url, viewport={"width": 412, "height": 839})
    page = context.new_page()
    try:
        page.goto("/staff/new/")
        sign_in(page, "an")
        page.wait_for_url("**/staff/new/")
        page.fill("input[name=number]", "E0977")
        page.fill("input[name=name]", "许诺")
        page.select_option("select[name=home_branch]", str(world.east.pk))
        Session.objects.all().delete()
        page.click("main button.btn-primary")

        page.wait_for_url("**/sign-in/**")
        expect(page.get_by_text("已填内容保留在本机")).to_be_visible()
        sign_in(page, "an")
        page.wait_for_url("**/staff/new/")
        assert page.input_value("input[name=name]") == "许诺"
        assert page.input_value("select[name=home_branch]") == str(world.east.pk)
        expect(page.get_by_text("已恢复登录过期前填写的内容")).to_be_visible()
        page.click("main form button.btn-primary")
        expect(page.locator(".secret")).to_be_visible()
        assert Staff.objects.filter(number="E0977", name="许诺").exists()
    finally:
        context.close()


def test_what_one_person_typed_is_not_given_to_another(world: World, live_server: Any, chromium: Browser) -> None:
    context = chromium.new_context(locale="zh-CN", base_url=live_server.url)
    page = context.new_page()
    try:
        page.goto("/me/")
        sign_in(page, "chen")
        page.wait_for_url("**/me/")
        page.click("#tokens summary")
        page.fill("input[name=token-name]", "陈立的程序")
        Session.objects.all().delete()
        page.click("#token-form button.btn-primary")
        page.wait_for_url("**/sign-in/**")
        sign_in(page, "deng")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        page.goto("/me/")
        page.click("#tokens summary")
        assert page.input_value("input[name=token-name]") == ""
    finally:
        context.close()
