<%@ page language="java" contentType="text/html; charset=UTF-8" %>
<!DOCTYPE html>
<html lang="en">
<head><title>Zimbra Administration</title></head>
<body>
<form method="post" name="loginForm" action="${path}">
<label>Username <input name="username" type="text"></label>
<label>Password <input name="password" type="password"></label>
<button type="submit">Sign In</button>
</form>
</body>
</html>
