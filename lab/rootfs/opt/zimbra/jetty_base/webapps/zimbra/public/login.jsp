<%@ page language="java" contentType="text/html; charset=UTF-8" %>
<!DOCTYPE html>
<html lang="en">
<head>
<title>Zimbra Web Client Sign In</title>
<link rel="stylesheet" href="/css/common.css?v=${version}">
<script src="/js/zimbraMail/share/model/ZmSettings.js?v=${version}"></script>
</head>
<body>
<form method="post" name="loginForm" action="${path}" accept-charset="UTF-8">
<input type="hidden" name="loginOp" value="login">
<label>Username <input name="username" type="text" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button type="submit">Sign In</button>
</form>
</body>
</html>
